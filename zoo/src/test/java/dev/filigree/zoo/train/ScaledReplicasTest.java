package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.distributed.GradientBuckets;
import dev.filigree.distributed.ReplicaGroup;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.GradScaler;
import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.Replica;
import dev.filigree.schedule.Schedules;
import dev.filigree.schedule.UpdateSchedules;
import dev.filigree.sparsity.AlgorithmGroup;
import dev.filigree.sparsity.Execution;
import dev.filigree.sparsity.KeptGradients;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.SparsityOptions;
import dev.filigree.sparsity.algorithm.GraNet;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.sparsity.algorithm.SparseEvolution;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.model.LlamaConfig;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A loop of one's own in float32 with a dynamic loss scale and accumulated micro-batches, by two
 * and four replicas and by one process. In some steps the gradients of one replica overflow: no
 * replica may make these.
 */
class ScaledReplicasTest {
  private static final int STEPS = 50;
  private static final int SAMPLES = 8;
  private static final int MICRO_BATCHES = 2;
  private static final int LENGTH = 8;
  private static final int VOCABULARY = 64;
  private static final double SCALE = 0x1p60;
  private static final List<Integer> OVERFLOWS = List.of(7, 19, 20, 44);
  private static final double SPARSITY = 0.75;

  private static JoinedReplicas two;
  private static JoinedReplicas four;

  @BeforeAll
  static void join() throws Exception {
    two = new JoinedReplicas(2);
    four = new JoinedReplicas(4);
  }

  @AfterAll
  static void leave() {
    two.close();
    four.close();
  }

  /**
   * What a run came to.
   *
   * @param skipped the steps whose gradients were not finite
   */
  private record Course(List<Double> losses, List<Integer> skipped, List<List<Long>> masks) {}

  static Stream<Arguments> runs() {
    return Stream.of("static", "set", "rigl", "granet")
        .flatMap(
            name ->
                Stream.of(Execution.MASKED, Execution.COMPRESSED)
                    .map(execution -> Arguments.of(name, execution)));
  }

  @ParameterizedTest
  @MethodSource("runs")
  void theirLossesMasksAndSkippedStepsAreThoseOfOneProcess(String algorithm, Execution execution)
      throws Exception {
    Course alone = train(algorithm, execution, 0, 1, GradientExchange.none());
    assertThat(alone.skipped()).isEqualTo(OVERFLOWS);
    for (JoinedReplicas replicas : List.of(two, four)) {
      for (Course course : train(replicas, algorithm, execution)) {
        assertThat(course.skipped()).isEqualTo(OVERFLOWS);
        assertThat(course.masks()).isEqualTo(alone.masks());
        for (int i = 0; i < STEPS; i++) {
          double expected = alone.losses().get(i);
          assertThat(course.losses().get(i)).isCloseTo(expected, within(1e-5 * expected));
        }
      }
    }
  }

  private static List<Course> train(JoinedReplicas replicas, String algorithm, Execution execution)
      throws Exception {
    return replicas.run(
        group -> {
          Replica replica = group.replica();
          return train(algorithm, execution, replica.rank(), replica.size(), group);
        });
  }

  private static SparsityAlgorithm algorithm(String name) {
    var every = UpdateSchedules.every(4);
    return switch (name) {
      case "static" -> Static.builder().sparsity(SPARSITY).build();
      case "set" ->
          SparseEvolution.builder().sparsity(SPARSITY).dropFraction(0.4).update(every).build();
      case "rigl" -> RigL.builder().sparsity(SPARSITY).dropFraction(0.4).update(every).build();
      default ->
          GraNet.builder()
              .sparsity(Schedules.cubic(0.5, SPARSITY, 0, 24, 4))
              .dropFraction(0.4)
              .update(every)
              .build();
    };
  }

  private static Course train(
      String algorithm, Execution execution, int rank, int size, GradientExchange exchange) {
    try (var _ = new PointerScope()) {
      var model =
          (LanguageModel)
              LlamaConfig.of(
                      Map.of(
                          "vocab_size", VOCABULARY,
                          "hidden_size", 16,
                          "intermediate_size", 24,
                          "num_hidden_layers", 2,
                          "num_attention_heads", 2,
                          "max_position_embeddings", LENGTH))
                  .create(3);
      var parameters = new ArrayList<>(Tensors.namedParameters(model).values());
      SparseOptimizer optimizer =
          Sparsity.wrap(
              model,
              new AdamW(parameters, AdamW.options().lr(1e-3)),
              AlgorithmGroup.of(algorithm(algorithm)),
              SparsityOptions.defaults()
                  .seed(3)
                  .execution(execution)
                  .microBatches(MICRO_BATCHES)
                  .exchange(exchange));
      var scaler = new GradScaler(GradScaler.options().initScale(SCALE).growthInterval(10));
      var losses = new ArrayList<Double>();
      var skipped = new ArrayList<Integer>();
      var masks = new ArrayList<List<Long>>();
      try (var kept = new KeptGradients(optimizer);
          var buckets =
              exchange instanceof ReplicaGroup group
                  ? new GradientBuckets(group, parameters, kept, ScalarType.Float)
                  : null) {
        for (int step = 0; step < STEPS; step++) {
          try (var _ = new PointerScope()) {
            optimizer.zeroGrad();
            List<Batch> batches = batches(step, rank, size);
            double loss = 0;
            for (int micro = 0; micro < MICRO_BATCHES; micro++) {
              if (buckets != null && micro == MICRO_BATCHES - 1) {
                buckets.expect();
              }
              Tensor share = model.loss(batches.get(micro)).div(new Scalar((double) MICRO_BATCHES));
              boolean overflows = OVERFLOWS.contains(step) && rank == size - 1 && micro == 0;
              scaler
                  .scale(overflows ? share.mul(new Scalar(Double.POSITIVE_INFINITY)) : share)
                  .backward();
              loss += share.item_double();
            }
            if (buckets != null) {
              buckets.finish();
            }
            if (!scaler.step(optimizer)) {
              skipped.add(step);
            }
            scaler.update();
            losses.add(exchange.average(loss)[0]);
            masks.add(positions(optimizer));
          }
        }
      }
      return new Course(losses, skipped, masks);
    }
  }

  /** A replica's share of each micro-batch of a step. */
  private static List<Batch> batches(int step, int rank, int size) {
    var random = new Random(step); // the seed is the number of the step
    var batches = new ArrayList<Batch>();
    int samples = SAMPLES / MICRO_BATCHES;
    for (int micro = 0; micro < MICRO_BATCHES; micro++) {
      long[] tokens = random.longs((long) samples * (LENGTH + 1), 0, VOCABULARY).toArray();
      int share = samples / size;
      Tensor mine =
          Tensor.create(tokens).reshape(samples, LENGTH + 1).narrow(0, (long) rank * share, share);
      batches.add(new Batch(mine.narrow(1, 0, LENGTH), mine.narrow(1, 1, LENGTH), null));
    }
    return batches;
  }

  /** The positions that each layer keeps, one list over all layers in the order of their names. */
  private static List<Long> positions(SparseOptimizer optimizer) {
    var positions = new ArrayList<Long>();
    new TreeMap<>(optimizer.masks())
        .values()
        .forEach(
            mask -> {
              Tensor kept = mask.flatten(0, -1).nonzero().flatten(0, -1).contiguous();
              for (long position : Tensors.segment(kept).toArray(ValueLayout.JAVA_LONG)) {
                positions.add(position);
              }
            });
    return positions;
  }
}
