package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import dev.filigree.mask.RandomScores;
import dev.filigree.nn.Layer;
import dev.filigree.nn.Linear;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.GradientClipping;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.torch.Cuda;
import dev.filigree.torch.Tensors;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Masked weights on a GPU, whose zeros are kept for all of them at once. */
@Tag("cuda")
class CudaMaskedTest {
  // None a multiple of 4, and one of several blocks: every path of the kernel is taken.
  private static final long[] SIZES = {37, 301, 129, 11};

  private PointerScope scope;

  @BeforeEach
  void open() {
    Assumptions.assumeTrue(Cuda.obstacle().isEmpty(), "no GPU: " + Cuda.obstacle().orElse(""));
    scope = new PointerScope();
  }

  @AfterEach
  void close() {
    if (scope != null) {
      scope.close();
    }
  }

  private static final class Net extends Layer {
    private final Linear[] layers = new Linear[SIZES.length - 1];
    private final Device device;

    Net(String device) {
      this.device = new Device(device).retainReference();
      for (int i = 0; i < layers.length; i++) {
        String name = "layer" + i;
        layers[i] = register(name, Linear.zeros(SIZES[i], SIZES[i + 1], false));
        layers[i]
            .weight()
            .set_data(
                RandomScores.of(5, name, 0)
                    .tensor(this.device, SIZES[i + 1], SIZES[i])
                    .sub(new Scalar(0.5)));
      }
    }

    void backward(long step) {
      Tensor x = RandomScores.of(5, "x", step).tensor(device, 16, SIZES[0]);
      for (Linear layer : layers) {
        x = layer.forward(x).tanh();
      }
      x.square().sum().backward();
    }
  }

  private static SparseOptimizer wrap(Net net, SparsityAlgorithm algorithm) {
    return MaskedTraining.wrap(
        net, new AdamW(Tensors.namedParameters(net).values(), AdamW.options().lr(0.01)), algorithm);
  }

  @Test
  void trainingIsThatOfACpu() {
    for (SparsityAlgorithm algorithm :
        new SparsityAlgorithm[] {
          Static.builder().sparsity(0.8).build(),
          RigL.builder().sparsity(0.8).dropFraction(0.3).update(every(3)).build()
        }) {
      Net onGpu = new Net("cuda:0");
      Net onCpu = new Net("cpu");
      try (SparseOptimizer gpu = wrap(onGpu, algorithm);
          SparseOptimizer cpu = wrap(onCpu, algorithm)) {
        for (int step = 0; step < 8; step++) {
          train(onGpu, gpu, step);
          train(onCpu, cpu, step);
        }
        gpu.verify();
        Map<String, Tensor> expected = cpu.denseState(onCpu);
        gpu.denseState(onGpu)
            .forEach(
                (name, weight) -> {
                  Tensor reference = Objects.requireNonNull(expected.get(name));
                  assertThat(weight.cpu().sub(reference).abs().max().item_double())
                      .as(name)
                      .isLessThan(1e-4);
                });
      }
    }
  }

  private static void train(Net net, SparseOptimizer optimizer, long step) {
    optimizer.zeroGrad();
    net.backward(step);
    GradientClipping.clipNorm(Tensors.namedParameters(net).values(), 1);
    optimizer.step();
  }

  @Test
  void whatDoesNotExistIsZeroBeforeGradientsAreClippedEvenWhereItIsNotANumber() {
    Net net = new Net("cuda:0");
    try (SparseOptimizer optimizer = wrap(net, Static.builder().sparsity(0.7).build())) {
      for (int pass = 0; pass < 2; pass++) {
        optimizer.zeroGrad();
        net.backward(pass);
        net.backward(pass + 1);
        for (SparseParameter parameter : optimizer.parameters()) {
          spoil(parameter.weight().grad(), parameter.mask());
        }
        var weights = Tensors.namedParameters(net).values();
        double norm = GradientClipping.norm(weights);
        assertThat(norm).isFinite().isPositive();
        for (SparseParameter parameter : optimizer.parameters()) {
          Tensor outside = parameter.mask().logical_not();
          assertThat(parameter.weight().grad().masked_select(outside).abs().sum().item_double())
              .isZero();
          spoil(parameter.weight().detach(), parameter.mask());
        }
        optimizer.step();
        optimizer.verify();
        weights.forEach(weight -> assertThat(weight.isfinite().all().item_bool()).isTrue());
      }
    }
  }

  /** Not a number where no weight exists. */
  private static void spoil(Tensor tensor, Tensor mask) {
    try (var _ = new NoGradGuard()) {
      tensor.masked_fill_(mask.logical_not(), new Scalar(Double.NaN));
    }
  }

  @Test
  void manyWeightsOfManySizesAreZeroedInOneLaunch() {
    Net net = new Net("cuda:0");
    try (SparseOptimizer optimizer = wrap(net, Static.builder().sparsity(0.5).build())) {
      optimizer.zeroGrad();
      for (SparseParameter parameter : optimizer.parameters()) {
        parameter.weight().mutable_grad().put(torch.ones_like(parameter.weight()));
      }
      double norm = GradientClipping.norm(Tensors.namedParameters(net).values());
      long kept = optimizer.parameters().stream().mapToLong(SparseParameter::kept).sum();
      assertThat(norm * norm).isCloseTo((double) kept, offset(0.5));
    }
  }
}
