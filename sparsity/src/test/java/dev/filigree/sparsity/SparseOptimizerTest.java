package dev.filigree.sparsity;

import static dev.filigree.schedule.Schedules.cycling;
import static dev.filigree.schedule.UpdateSchedules.always;
import static dev.filigree.schedule.UpdateSchedules.every;
import static dev.filigree.sparsity.MaskedTraining.MASKED;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.mask.Counting;
import dev.filigree.mask.InitialMask;
import dev.filigree.mask.Masks;
import dev.filigree.mask.ScoreShaper;
import dev.filigree.nn.Layer;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.GradScaler;
import dev.filigree.optim.GradientClipping;
import dev.filigree.optim.LibtorchOptimizer;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.SGD;
import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.Algorithms;
import dev.filigree.sparsity.algorithm.GradualMagnitude;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.sparsity.algorithm.SparseEvolution;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Conv1dImpl;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv3dImpl;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SparseOptimizerTest {
  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  private static SparseOptimizer wrap(
      OneWeight model, Optimizer inner, AlgorithmBuilder<?> algorithm, long... kept) {
    return MaskedTraining.wrap(
        model, inner, algorithm.initialMask(OneWeight.keeping(kept)).build());
  }

  private static SparseParameter only(SparseOptimizer optimizer) {
    assertThat(optimizer.parameters()).hasSize(1);
    return optimizer.parameters().getFirst();
  }

  private static List<Float> values(Tensor tensor) {
    var values = new ArrayList<Float>();
    Tensor flat = tensor.detach().flatten();
    for (long i = 0; i < flat.numel(); i++) {
      values.add(flat.get(i).item_float());
    }
    return values;
  }

  @Test
  void wrappingZeroesTheWeightsOutsideTheMaskEvenNan() {
    var model = OneWeight.of(1, 4, 1, Double.NaN, 3, Double.POSITIVE_INFINITY);
    try (var _ = wrap(model, model.sgd(1), Static.builder().sparsity(0.5), 0, 2)) {
      assertThat(values(model.weight())).containsExactly(1f, 0f, 3f, 0f);
    }
  }

  @Test
  void gradientOutsideTheMaskIsZeroAsSoonAsItIsDelivered() {
    var model = OneWeight.of(1, 4, 1, 2, 3, 4);
    try (var optimizer = wrap(model, model.sgd(0.5), Static.builder().sparsity(0.5), 0, 2)) {
      model.backward(1, Double.NaN, 2, Double.POSITIVE_INFINITY);
      assertThat(values(model.weight().grad())).containsExactly(1f, 0f, 2f, 0f);
      optimizer.step();
      assertThat(values(model.weight())).containsExactly(0.5f, 0f, 2f, 0f);
    }
  }

  @Test
  void rigLDropsByTheNewWeightAndGrowsByTheGradientOfBeforeTheStep() {
    // After the step the weights are 4, 1, 3: the second is the smallest and goes.
    var model = OneWeight.of(1, 6, 4, 5, 3, 0, 0, 0);
    try (var optimizer =
        wrap(
            model,
            model.sgd(1, 0.9),
            RigL.builder().sparsity(0.5).update(always()).dropFraction(0.3),
            0,
            1,
            2)) {
      var history = new MaskHistory();
      optimizer.addListener(history);
      model.backward(0, 4, 0, 1, -7, 2);
      optimizer.step();
      assertThat(TinyNetwork.kept(only(optimizer).mask())).containsExactly(0L, 2L, 4L);
      assertThat(values(model.weight())).containsExactly(4f, 0f, 3f, 0f, 0f, 0f);
      Tensor momentum = requireNonNull(optimizer.state(model.weight()).get("momentum_buffer"));
      assertThat(values(momentum)).containsExactly(0f, 0f, 0f, 0f, 0f, 0f);
      assertThat(history.updates()).containsExactly(new MaskUpdate(1, "weight", 1, 1, 3, 6, 0.5));
    }
  }

  @Test
  void weightDroppedAndGrownByTheSameUpdateKeepsItsValueAndState() {
    var model = OneWeight.of(1, 4, 4, 1, 0, 0);
    try (var optimizer =
        wrap(
            model,
            model.sgd(0.5, 0.9),
            RigL.builder().sparsity(0.5).update(always()).dropFraction(0.5),
            0,
            1)) {
      var history = new MaskHistory();
      optimizer.addListener(history);
      model.backward(0, 9, 1, 1);
      optimizer.step();
      assertThat(values(model.weight())).containsExactly(4f, -3.5f, 0f, 0f);
      Tensor momentum = requireNonNull(optimizer.state(model.weight()).get("momentum_buffer"));
      assertThat(values(momentum)).containsExactly(0f, 9f, 0f, 0f);
      assertThat(history.updates()).containsExactly(new MaskUpdate(1, "weight", 0, 0, 2, 4, 0.5));
    }
  }

  @Test
  void accumulatedMicroBatchesUpdateMasksLikeTheirSum() {
    var parts = OneWeight.of(1, 6, 4, 5, 3, 0, 0, 0);
    var whole = OneWeight.of(1, 6, 4, 5, 3, 0, 0, 0);
    var algorithm = RigL.builder().sparsity(0.5).update(always()).dropFraction(0.6);
    try (var left = wrap(parts, parts.sgd(0.1), algorithm, 0, 1, 2);
        var right = wrap(whole, whole.sgd(0.1), algorithm, 0, 1, 2)) {
      // Either micro-batch alone would grow the last; together they cancel there.
      parts.backward(1, 0, 0, 2, 3, 9);
      parts.backward(0, 1, 0, 2, 3, -9);
      whole.backward(1, 1, 0, 4, 6, 0);
      left.step();
      right.step();
      assertThat(TinyNetwork.kept(only(left).mask())).containsExactly(1L, 3L, 4L);
      assertThat(TinyNetwork.kept(only(right).mask())).containsExactly(1L, 3L, 4L);
      assertThat(values(parts.weight())).isEqualTo(values(whole.weight()));
    }
  }

  @Test
  void stepSkippedByTheLossScaleNeverHappened() {
    var skipping = new TinyNetwork();
    var steady = new TinyNetwork();
    var algorithm =
        Algorithms.builder("rigl")
            .sparsity(cycling(0.5, 0.8))
            .dropFraction(cycling(0.5, 0.3, 0.2))
            .update(every(2));
    var scaler = new GradScaler(GradScaler.options().initScale(16));
    try (var left = MaskedTraining.wrap(skipping, skipping.adamW(), renewed(algorithm));
        var right = MaskedTraining.wrap(steady, steady.adamW(), renewed(algorithm))) {
      skipping.train(left, 0, 3);
      steady.train(right, 0, 3);

      Map<String, Object> state = left.state();
      Map<String, Tensor> before = skipping.snapshot(left);
      left.zeroGrad();
      skipping.backward(99);
      poison(skipping.firstWeight(), only(left, "first.weight"));
      assertThat(scaler.step(left)).isFalse();
      scaler.update();
      left.zeroGrad();
      assertThat(left.state()).isEqualTo(state);
      assertThat(left.stepCount()).isEqualTo(3);
      assertThat(TinyNetwork.equal(before, skipping.snapshot(left))).isTrue();

      skipping.train(left, 3, 9);
      steady.train(right, 3, 9);
      assertThat(TinyNetwork.equal(skipping.snapshot(left), steady.snapshot(right))).isTrue();
      assertThat(left.state()).isEqualTo(right.state());
    }
  }

  private static SparsityAlgorithm renewed(AlgorithmBuilder<SparsityAlgorithm> algorithm) {
    return algorithm.sparsity(cycling(0.5, 0.8)).dropFraction(cycling(0.5, 0.3, 0.2)).build();
  }

  private static SparseParameter only(SparseOptimizer optimizer, String name) {
    return optimizer.parameters().stream()
        .filter(parameter -> parameter.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** An infinite gradient where a weight exists. */
  private static void poison(Tensor weight, SparseParameter parameter) {
    long index = TinyNetwork.kept(parameter.mask()).getFirst();
    weight.grad().view(-1).narrow(0, index, 1).fill_(new Scalar(Double.POSITIVE_INFINITY));
  }

  @Test
  void overflowOutsideTheMaskSkipsNoStep() {
    var model = OneWeight.of(1, 2, 1, 0);
    var scaler = GradScaler.fixed(4);
    try (var optimizer = wrap(model, model.sgd(1), Static.builder().sparsity(0.5), 0)) {
      model.backward(4, Double.POSITIVE_INFINITY);
      assertThat(scaler.step(optimizer)).isTrue();
      assertThat(values(model.weight())).containsExactly(0f, 0f);
    }
  }

  @Test
  void gradientsOfASkippedStepAreForgottenWhereTheModelClearsThem() {
    var model = OneWeight.of(1, 6, 4, 5, 3, 0, 0, 0);
    var algorithm = RigL.builder().sparsity(0.5).update(always()).dropFraction(0.6);
    try (var optimizer = wrap(model, model.sgd(0.1), algorithm, 0, 1, 2)) {
      model.backward(1, 1, 1, 0, 0, Double.POSITIVE_INFINITY);
      model.zero_grad(true);
      model.backward(0, 0, 0, 2, 3, 1);
      optimizer.step();
      assertThat(TinyNetwork.kept(only(optimizer).mask())).containsExactly(1L, 3L, 4L);
    }
  }

  @Test
  void clippingSeesMaskedGradients() {
    var model = OneWeight.of(1, 4, 1, 1, 1, 1);
    try (var optimizer = wrap(model, model.sgd(1), Static.builder().sparsity(0.5), 0, 2)) {
      model.backward(3, 100, 4, Double.NaN);
      double norm = GradientClipping.clipNorm(optimizer.groups().getFirst().parameters(), 1);
      assertThat(norm).isCloseTo(5, within(1e-6));
      assertThat(model.weight().grad().norm().item_double()).isCloseTo(1, within(1e-5));
    }
  }

  @Test
  void libtorchsOwnOptimizerTrainsLikeOurs() {
    var ours = new TinyNetwork();
    var theirs = new TinyNetwork();
    var options = new SGDOptions(0.05);
    options.momentum().put(0.9);
    var libtorch = new org.bytedeco.pytorch.SGD(theirs.parameters(), options);
    var sgd = new SGD(Tensors.namedParameters(ours).values(), SGD.options().lr(0.05).momentum(0.9));
    var algorithm = RigL.builder().sparsity(0.8).dropFraction(0.4).update(every(3));
    try (var left = MaskedTraining.wrap(ours, sgd, algorithm.build());
        var right =
            MaskedTraining.wrap(theirs, LibtorchOptimizer.of(libtorch), algorithm.build())) {
      double ourLoss = ours.train(left, 0, 12);
      double theirLoss = theirs.train(right, 0, 12);
      assertThat(theirLoss).isCloseTo(ourLoss, within(1e-5));
      for (SparseParameter parameter : right.parameters()) {
        assertThat(TinyNetwork.kept(parameter.mask()))
            .isEqualTo(TinyNetwork.kept(only(left, parameter.name()).mask()));
        Tensor momentum = requireNonNull(right.state(parameter.weight()).get("momentum_buffer"));
        Tensor outside = parameter.mask().logical_not();
        assertThat(Masks.count(momentum.ne(new Scalar(0)).logical_and(outside))).isZero();
      }
      right.verify();
    }
  }

  static Stream<Arguments> libtorchModules() {
    return Stream.of(
        module("Linear", new LinearImpl(12, 20), LinearImpl::forward, 4, 12),
        module("Conv1d", new Conv1dImpl(4, 8, kernel(3)), Conv1dImpl::forward, 2, 4, 9),
        module("Conv2d", new Conv2dImpl(4, 8, kernel(3, 3)), Conv2dImpl::forward, 2, 4, 7, 7),
        module(
            "Conv3d", new Conv3dImpl(2, 6, kernel(2, 3, 3)), Conv3dImpl::forward, 2, 2, 5, 5, 5));
  }

  private static LongPointer kernel(long... sizes) {
    return new LongPointer(sizes);
  }

  private static <M extends Module> Arguments module(
      String name,
      M module,
      java.util.function.BiFunction<M, Tensor, Tensor> forward,
      long... input) {
    module.retainReference();
    Function<Tensor, Tensor> apply = x -> forward.apply(module, x);
    return Arguments.of(name, module, apply, input);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("libtorchModules")
  void modulesOfLibtorchTrainSparse(
      String name, Module module, Function<Tensor, Tensor> forward, long[] input) {
    var inner = new AdamW(Tensors.namedParameters(module).values(), AdamW.options().lr(0.01));
    var algorithm = RigL.builder().sparsity(0.75).dropFraction(0.5).update(every(2)).build();
    try (var optimizer = MaskedTraining.wrap(module, inner, algorithm)) {
      SparseParameter weight = only(optimizer);
      assertThat(weight.name()).isEqualTo("weight");
      var history = new MaskHistory();
      optimizer.addListener(history);
      for (int step = 0; step < 4; step++) {
        optimizer.zeroGrad();
        forward.apply(torch.ones(input)).square().sum().backward();
        optimizer.step();
        optimizer.verify();
      }
      assertThat(weight.kept()).isEqualTo(Counting.kept(weight.size(), 0.75));
      assertThat(history.updates()).hasSize(2);
    }
  }

  @Test
  void embeddingIsSparseOnlyWhenAskedFor() {
    var embedding = new EmbeddingImpl(10, 8);
    var model = new Layer() {};
    model.register_module("embedding", embedding);
    model.register_module("fc", new LinearImpl(8, 3));
    var parameters = Tensors.namedParameters(model).values();
    var inner = new AdamW(parameters, AdamW.options().lr(0.01));
    var algorithm = SparseEvolution.builder().sparsity(0.75).update(always()).dropFraction(0.3);
    try (var optimizer = MaskedTraining.wrap(model, inner, algorithm.build())) {
      assertThat(only(optimizer).name()).isEqualTo("fc.weight");
    }
    AlgorithmGroup asked =
        AlgorithmGroup.empty()
            .with(new ParameterFilter(List.of("embedding.weight")), algorithm.build());
    try (var optimizer = Sparsity.wrap(model, inner, asked, MASKED)) {
      assertThat(only(optimizer).name()).isEqualTo("embedding.weight");
      embedding.forward(torch.tensor(new long[] {1, 2, 2})).sum().backward();
      optimizer.step();
      assertThat(only(optimizer).kept()).isEqualTo(20);
      optimizer.verify();
      embedding.options().sparse().put(true);
      assertThatThrownBy(() -> embedding.forward(torch.tensor(new long[] {1})).sum().backward())
          .hasMessageContaining("embedding.weight: gradients must be dense");
    }
  }

  @Test
  void tiedParametersCountOnceAndGrowByTheSumOfTheirGradients() {
    var model = OneWeight.of(2, 2, 4, 1, 0, 0);
    var tied = new Layer() {};
    tied.register_parameter("first", model.weight(), true);
    tied.register_parameter("second", model.weight(), true);
    var algorithm =
        RigL.builder()
            .sparsity(0.5)
            .update(always())
            .dropFraction(0.5)
            .initialMask(OneWeight.keeping(0, 1))
            .build();
    try (var optimizer = MaskedTraining.wrap(tied, model.sgd(0), algorithm)) {
      assertThat(only(optimizer).name()).isEqualTo("first");
      Tensor one = model.weight().mul(OneWeight.tensor(2, 2, 0, 0, 5, 4));
      Tensor other = model.weight().mul(OneWeight.tensor(2, 2, 0, 0, -5, 4));
      one.add(other).sum().backward();
      optimizer.step();
      assertThat(TinyNetwork.kept(only(optimizer).mask())).containsExactly(0L, 3L);
    }
  }

  @Test
  void frozenParametersAreLeftAlone() {
    var network = new TinyNetwork();
    Optimizer inner = network.adamW();
    network.firstWeight().set_requires_grad(false);
    Tensor before = network.firstWeight().clone();
    try (var optimizer =
        MaskedTraining.wrap(network, inner, Static.builder().sparsity(0.8).build())) {
      assertThat(only(optimizer).name()).isEqualTo("second.weight");
    }
    assertThat(network.firstWeight().equal(before)).isTrue();
  }

  @Test
  void parameterThatGotNoGradientIsLeftAloneByAnUpdateThatNeedsIt() {
    var network = new TinyNetwork();
    var algorithm =
        RigL.builder()
            .sparsity(step -> step < 2 ? 0.5 : 0.8)
            .dropFraction(0.3)
            .update(every(2))
            .build();
    try (var optimizer = MaskedTraining.wrap(network, network.adamW(), algorithm)) {
      optimizer.step();
      network.firstWeight().square().sum().backward();
      optimizer.step();
      assertThat(only(optimizer, "first.weight").sparsity()).isEqualTo(0.8);
      SparseParameter idle = only(optimizer, "second.weight");
      assertThat(idle.sparsity()).isEqualTo(0.5);
      assertThat(idle.targetSparsity()).isEqualTo(0.5);
      optimizer.verify();
    }
  }

  @Test
  void modelThatIsSparseAlreadyIsAnErrorUntilItsOptimizerIsClosed() {
    var network = new TinyNetwork();
    var algorithm = Static.builder().sparsity(0.8).build();
    var optimizer = MaskedTraining.wrap(network, network.adamW(), algorithm);
    Tensor before = network.firstWeight().detach().clone();
    assertThatThrownBy(() -> MaskedTraining.wrap(network, network.adamW(), algorithm))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("'first.weight' is sparse already");
    assertThat(network.firstWeight().equal(before)).isTrue();
    optimizer.close();
    optimizer.close();
    assertThatThrownBy(optimizer::step).hasMessageContaining("closed");
    try (var again = MaskedTraining.wrap(network, network.adamW(), algorithm)) {
      again.verify();
    }
    network.backward(0);
    assertThat(Masks.count(network.firstWeight().grad().ne(new Scalar(0)))).isGreaterThan(160);
  }

  @Test
  void parameterThatTheOptimizerDoesNotUpdateIsAnError() {
    var network = new TinyNetwork();
    var other = new SGD(List.of(network.firstWeight()), SGD.options());
    assertThatThrownBy(
            () -> MaskedTraining.wrap(network, other, Static.builder().sparsity(0.8).build()))
        .hasMessage("'second.weight' would be sparse, but the optimizer does not update it");
  }

  @Test
  void failedWrappingLeavesTheModelAsItWas() {
    var network = new TinyNetwork();
    Tensor before = network.firstWeight().detach().clone();
    InitialMask wrongType = request -> torch.ones_like(request.weight());
    var algorithm = Static.builder().sparsity(0.8).initialMask(wrongType).build();
    AlgorithmGroup group =
        AlgorithmGroup.empty()
            .with(
                new ParameterFilter(List.of("first.weight")),
                Static.builder().sparsity(0.8).build())
            .with(new ParameterFilter(List.of("second.weight")), algorithm);
    assertThatThrownBy(() -> Sparsity.wrap(network, network.adamW(), group, MASKED))
        .hasMessage("the mask of 'second.weight' must be of type Bool, found Float");
    assertThat(network.firstWeight().equal(before)).isTrue();
    network.backward(0);
    assertThat(Masks.count(network.firstWeight().grad().ne(new Scalar(0)))).isEqualTo(800);
    try (var optimizer =
        MaskedTraining.wrap(network, network.adamW(), Static.builder().sparsity(0.5).build())) {
      optimizer.verify();
    }
  }

  @Test
  void wrongMasksAreRefusedAndChangeNothing() {
    var network = new TinyNetwork();
    try (var optimizer =
        MaskedTraining.wrap(network, network.adamW(), Static.builder().sparsity(0.8).build())) {
      var before = optimizer.masks();
      var some = new LinkedHashMap<>(before);
      some.put("first.weight", torch.ones(40, 20).to(torch.ScalarType.Bool));
      some.put("second.weight", torch.ones(3, 3).to(torch.ScalarType.Bool));
      assertThatThrownBy(() -> optimizer.loadMasks(some))
          .hasMessage("the mask of 'second.weight' has shape [3, 3], the weight [10, 40]");
      some.remove("second.weight");
      assertThatThrownBy(() -> optimizer.loadMasks(some))
          .hasMessageContaining("there is no mask for 'second.weight'");
      assertThat(only(optimizer, "first.weight").mask().equal(before.get("first.weight"))).isTrue();
    }
  }

  @Test
  void stateOfAnotherConfigurationIsRefused() {
    var network = new TinyNetwork();
    try (var optimizer =
        MaskedTraining.wrap(network, network.adamW(), Static.builder().sparsity(0.8).build())) {
      Map<String, Object> state = new LinkedHashMap<>(optimizer.state());
      state.put("seed", 5);
      assertThatThrownBy(() -> optimizer.load(state))
          .hasMessage("saved with seed 5, configured with seed 0");
      state.put("seed", 0);
      state.put("groups", List.of());
      assertThatThrownBy(() -> optimizer.load(state))
          .hasMessageContaining("not the state of 1 groups");
      state.put("groups", List.of(Map.of("kept", Map.of(), "target_sparsity", Map.of())));
      assertThatThrownBy(() -> optimizer.load(state))
          .hasMessage("there is no mask for 'first.weight': it was not sparse when it was saved");
    }
  }

  @Test
  void scheduleSharedByTwoGroupsMovesOnOnce() {
    var network = new TinyNetwork();
    var shared = cycling(0.5, 0.6, 0.7, 0.8);
    var builder = SparseEvolution.builder().sparsity(shared).update(always()).dropFraction(0.3);
    AlgorithmGroup group =
        AlgorithmGroup.empty()
            .with(new ParameterFilter(List.of("first.*t")), builder.build())
            .with(new ParameterFilter(List.of("second.weight")), builder.build());
    try (var optimizer = Sparsity.wrap(network, network.adamW(), group, MASKED)) {
      network.train(optimizer, 0, 2);
      assertThat(optimizer.parameters())
          .allSatisfy(parameter -> assertThat(parameter.targetSparsity()).isEqualTo(0.6));
    }
  }

  @Test
  void parameterOutlivesTheScopeThatItWasWrappedIn() {
    var network = new TinyNetwork();
    SparseOptimizer optimizer;
    try (var _ = new PointerScope()) {
      optimizer =
          MaskedTraining.wrap(
              network,
              network.adamW(),
              RigL.builder().sparsity(0.8).update(always()).dropFraction(0.5).build());
    }
    try (optimizer) {
      network.train(optimizer, 0, 3);
      optimizer.verify();
    }
  }

  @Test
  void blocksAreCountedInWeights() {
    var model = new OneWeight(torch.rand(8, 8));
    var algorithm =
        GradualMagnitude.builder()
            .sparsity(step -> step == 0 ? 0.5 : 0.75)
            .update(always())
            .initialMask(InitialMask.topK())
            .shaper(ScoreShaper.blocks(2, 4, ScoreShaper.Pool.MEAN))
            .build();
    try (var optimizer = MaskedTraining.wrap(model, model.sgd(1), algorithm)) {
      assertThat(only(optimizer).kept()).isEqualTo(32);
      optimizer.step();
      assertThat(only(optimizer).kept()).isEqualTo(16);
      optimizer.verify();
    }
  }

  @Test
  void groupWithoutAlgorithmIsAnError() {
    var network = new TinyNetwork();
    assertThatThrownBy(
            () -> Sparsity.wrap(network, network.adamW(), AlgorithmGroup.empty(), MASKED))
        .hasMessage("a group without an algorithm makes nothing sparse");
  }

  @Test
  void gradualPruningUnderAConstantSparsityIsAnErrorInJavaToo() {
    for (String name : List.of("gmp", "granet")) {
      assertThatThrownBy(() -> Algorithms.builder(name).sparsity(0.8).build())
          .hasMessageContaining("found the constant 0.8");
    }
  }
}
