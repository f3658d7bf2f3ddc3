package dev.filigree.sparsity;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.nn.Linear;
import dev.filigree.optim.GradientPreparation;
import dev.filigree.optim.SGD;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.torch.Cuda;
import dev.filigree.torch.Tensors;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A compressed layer on a GPU does what a masked one does there, under autocast too. */
@Tag("cuda")
class CudaLayerTest {
  private static final int IN = 72;
  private static final int OUT = 40;

  private PointerScope scope;
  private Device gpu;

  @BeforeEach
  void open() {
    Assumptions.assumeTrue(Cuda.obstacle().isEmpty(), "no GPU: " + Cuda.obstacle().orElse(""));
    scope = new PointerScope();
    gpu = new Device("cuda:0");
  }

  @AfterEach
  void close() {
    if (scope != null) {
      scope.close();
    }
  }

  /** What a layer computes. */
  private record Result(Tensor y, Tensor dx, Tensor dw, Tensor db) {}

  @ParameterizedTest
  @EnumSource(
      value = ScalarType.class,
      names = {"BFloat16", "Half"})
  void underAutocastTypesAndNumbersAreThoseOfAMaskedLayer(ScalarType type) {
    for (ScalarType input : List.of(ScalarType.Float, type)) {
      Result masked = compute(Execution.MASKED, input, type, 0.9);
      Result compressed = compute(Execution.COMPRESSED, input, type, 0.9);
      assertThat(Tensors.type(compressed.y)).isEqualTo(type);
      assertThat(Tensors.type(compressed.dx)).isEqualTo(input);
      assertThat(Tensors.type(compressed.dw)).isEqualTo(ScalarType.Float);
      assertSame(compressed, masked, 2e-2);
    }
  }

  @Test
  void inFloat32NumbersAreThoseOfAMaskedLayer() {
    for (double sparsity : new double[] {0.5, 0.9, 0.995}) {
      assertSame(
          compute(Execution.COMPRESSED, ScalarType.Float, null, sparsity),
          compute(Execution.MASKED, ScalarType.Float, null, sparsity),
          1e-5);
    }
  }

  private static void assertSame(Result found, Result expected, double error) {
    assertClose(found.y, expected.y, error);
    assertClose(found.dx, expected.dx, error);
    assertClose(found.dw, expected.dw, error);
    assertClose(found.db, expected.db, error);
  }

  private static void assertClose(Tensor found, Tensor expected, double error) {
    assertThat(Tensors.type(found)).isEqualTo(Tensors.type(expected));
    Tensor left = found.to(ScalarType.Float);
    Tensor right = expected.to(ScalarType.Float);
    double largest = right.abs().max().item_double();
    assertThat(left.sub(right).abs().max().item_double()).isLessThan(error * largest);
  }

  private Result compute(
      Execution execution, ScalarType input, @Nullable ScalarType autocast, double sparsity) {
    torch.manual_seed(5);
    var layer = new Linear(IN, OUT, true);
    layer.to(gpu, false);
    Tensor x = torch.randn(3, 17, IN).to(gpu, input).set_requires_grad(true);
    Tensor dy = torch.randn(3, 17, OUT).to(gpu, ScalarType.Float);
    var options = SparsityOptions.defaults().execution(execution);
    var algorithm = AlgorithmGroup.of(Static.builder().sparsity(sparsity).build());
    var sgd = new SGD(List.of(layer.weight()), SGD.options().lr(0.1));
    try (SparseOptimizer optimizer = Sparsity.wrap(layer, sgd, algorithm, options)) {
      if (autocast != null) {
        torch.set_autocast_dtype(DeviceType.CUDA, autocast);
        torch.set_autocast_enabled(DeviceType.CUDA, true);
      }
      Tensor y = layer.forward(x);
      torch.set_autocast_enabled(DeviceType.CUDA, false);
      torch.clear_cache();
      y.backward(dy.to(Tensors.type(y)), new BoolOptional(), false, new TensorArrayRefOptional());
      SparseParameter weight = optimizer.parameters().getFirst();
      GradientPreparation.run();
      return new Result(
          y.detach().clone(),
          x.grad().clone(),
          weight.toDense(weight.weight().grad()).clone(),
          requireNonNull(layer.bias()).grad().clone());
    }
  }

  @Test
  void aRunGoesOnFromAGpuOnTheCpuAndBack() {
    var onGpu = new Linear(IN, OUT, false);
    onGpu.to(gpu, false);
    var onCpu = new Linear(IN, OUT, false);
    try (SparseOptimizer first = wrap(onGpu);
        SparseOptimizer second = wrap(onCpu)) {
      train(onGpu, first, gpu);
      second.load(first.state());
      Tensor mask = requireNonNull(first.masks().get("weight"));
      second.loadMasks(Map.of("weight", mask.cpu()));
      SparseParameter there = first.parameters().getFirst();
      SparseParameter here = second.parameters().getFirst();
      here.weight().detach().copy_(here.fromDense(there.dense().cpu()));
      assertThat(here.dense().equal(there.dense().cpu())).isTrue();
      assertThat(here.kept()).isEqualTo(there.kept());
      train(onCpu, second, new Device("cpu"));
      first.loadMasks(Map.of("weight", requireNonNull(second.masks().get("weight"))));
      there.weight().detach().copy_(there.fromDense(here.dense().to(gpu, ScalarType.Float)));
      assertThat(there.dense().cpu().equal(here.dense())).isTrue();
    }
  }

  private static SparseOptimizer wrap(Linear layer) {
    return Sparsity.wrap(
        layer,
        new SGD(List.of(layer.weight()), SGD.options().lr(0.1)),
        AlgorithmGroup.of(Static.builder().sparsity(0.8).build()),
        SparsityOptions.defaults().execution(Execution.COMPRESSED));
  }

  private static void train(Linear layer, SparseOptimizer optimizer, Device device) {
    optimizer.zeroGrad();
    Tensor x = torch.ones(4, IN).mul(new Scalar(0.5)).to(device, ScalarType.Float);
    layer.forward(x).square().sum().backward();
    optimizer.step();
  }
}
