package dev.filigree.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.optim.GradientExchange;
import dev.filigree.torch.Tensors;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GradientBucketsTest {
  private static final int PARAMETERS = 6;
  private static final int ELEMENTS = 8;

  private PointerScope scope;

  @BeforeEach
  void open() {
    scope = new PointerScope();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static List<Tensor> parameters() {
    var parameters = new ArrayList<Tensor>();
    for (int i = 0; i < PARAMETERS; i++) {
      parameters.add(torch.full(new long[] {2, 4}, new Scalar(i + 1.0)).requires_grad_(true));
    }
    return parameters;
  }

  /** The product of all, times a factor: element by element, layer after layer. */
  private static Tensor loss(List<Tensor> parameters, double factor) {
    Tensor product = torch.full(new long[] {2, 4}, new Scalar(factor));
    for (Tensor parameter : parameters) {
      product = product.mul(parameter);
    }
    return product.sum();
  }

  private static float[] gradient(Tensor parameter) {
    return Tensors.segment(parameter.grad().contiguous()).toArray(ValueLayout.JAVA_FLOAT);
  }

  /** Notes what is exchanged, and doubles it. */
  private static final class Doubling implements GradientExchange {
    final List<Long> sizes = new ArrayList<>();

    @Override
    public void average(List<Tensor> tensors) {
      for (Tensor tensor : tensors) {
        sizes.add(tensor.numel());
        tensor.mul_(new Scalar(2.0));
      }
    }
  }

  private static GradientBuckets buckets(
      GradientExchange exchange, List<Tensor> parameters, KeptPositions kept) {
    // Two gradients fit in one.
    return new GradientBuckets(
        exchange, parameters, kept, ScalarType.Float, 2 * ELEMENTS * Float.BYTES);
  }

  @Test
  void bucketsLeaveWhileTheBackwardPassRuns() {
    var exchange = new Doubling();
    List<Tensor> parameters = parameters();
    try (var buckets = buckets(exchange, parameters, KeptPositions.all())) {
      loss(parameters, 1).backward(); // a micro-batch that is not the last
      assertThat(exchange.sizes).isEmpty();
      buckets.expect();
      loss(parameters, 1).backward();
      assertThat(exchange.sizes).containsExactly(16L, 16L);
      buckets.finish();
    }
    assertThat(exchange.sizes).containsExactly(16L, 16L, 16L);
    for (int i = 0; i < PARAMETERS; i++) {
      assertThat(gradient(parameters.get(i))).containsOnly(2 * 2 * 720f / (i + 1));
    }
  }

  @Test
  void onlyWeightsThatExistAreSent() {
    var exchange = new Doubling();
    List<Tensor> parameters = parameters();
    long sparse = Tensors.identity(parameters.get(2));
    Tensor positions = Tensors.float64(0, 3, 6).to(ScalarType.Long);
    KeptPositions kept =
        parameter ->
            Tensors.identity(parameter) == sparse ? Optional.of(positions) : Optional.empty();
    try (var buckets = buckets(exchange, parameters, kept)) {
      buckets.expect();
      loss(parameters, 1).backward();
      buckets.finish();
    }
    assertThat(exchange.sizes.stream().mapToLong(Long::longValue).sum())
        .isEqualTo((PARAMETERS - 1) * ELEMENTS + 3);
    float g = 240;
    assertThat(gradient(parameters.get(2))).containsExactly(2 * g, g, g, 2 * g, g, g, 2 * g, g);
  }

  @Test
  void aGradientThatGrowsAfterItWasSentIsSentAgain() {
    var exchange = new Doubling();
    List<Tensor> parameters = parameters();
    try (var buckets = buckets(exchange, parameters, KeptPositions.all())) {
      buckets.expect();
      loss(parameters, 1).backward();
      loss(parameters, 10).backward();
      buckets.finish();
    }
    for (int i = 0; i < PARAMETERS; i++) {
      assertThat(gradient(parameters.get(i))).containsOnly(2 * 11 * 720f / (i + 1));
    }
  }

  @Test
  void parametersWithoutAGradientAreLeftOut() {
    var exchange = new Doubling();
    List<Tensor> parameters = parameters();
    try (var buckets = buckets(exchange, parameters, KeptPositions.all())) {
      buckets.expect();
      loss(parameters.subList(1, 2), 3).backward();
      buckets.finish();
    }
    assertThat(exchange.sizes).containsExactly(8L);
    assertThat(gradient(parameters.get(1))).containsOnly(6);
    assertThat(parameters.get(0).grad().defined()).isFalse();
  }

  @Test
  void anExchangeThatFailsInTheBackwardPassFailsTheStepAsItself() {
    GradientExchange failing =
        _ -> {
          throw new ReplicaException("gone");
        };
    List<Tensor> parameters = parameters();
    try (var buckets = buckets(failing, parameters, KeptPositions.all())) {
      buckets.expect();
      loss(parameters, 1).backward();
      assertThatThrownBy(buckets::finish).isInstanceOf(ReplicaException.class).hasMessage("gone");
    }
  }

  @Test
  void overGlooTheMeansAreThoseOfAllReplicasAndBfloat16SendsHalfTheBytes() throws Exception {
    for (ScalarType wire : List.of(ScalarType.Float, ScalarType.BFloat16)) {
      List<float[]> gradients =
          LocalReplicas.run(
              2,
              Duration.ofSeconds(30),
              group -> {
                List<Tensor> parameters = parameters();
                try (var buckets =
                    new GradientBuckets(group, parameters, KeptPositions.all(), wire, 64)) {
                  buckets.expect();
                  loss(parameters, group.replica().rank() == 0 ? 1 : 2).backward();
                  buckets.finish();
                }
                assertThat(group.traffic().bytes())
                    .isEqualTo(PARAMETERS * ELEMENTS * (wire == ScalarType.Float ? 4L : 2L));
                return gradient(parameters.getFirst());
              });
      assertThat(gradients.get(0)).isEqualTo(gradients.get(1));
      assertThat(gradients.get(0)[0]).isCloseTo(1080, within(wire == ScalarType.Float ? 0f : 4f));
    }
  }
}
