package dev.filigree.nn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is fused on a GPU against its plain twin on the CPU in float32, forward and backward. */
@Tag("cuda")
class GpuLayersTest {
  private PointerScope scope;

  /** Element types, and how far a result may be off, relative to its norm. */
  private enum Type {
    FLOAT(ScalarType.Float, 1e-5),
    BFLOAT16(ScalarType.BFloat16, 1e-2),
    HALF(ScalarType.Half, 2e-3);

    private final ScalarType type;
    private final double tolerance;

    Type(ScalarType type, double tolerance) {
      this.type = type;
      this.tolerance = tolerance;
    }
  }

  @BeforeEach
  void requireGpu() {
    Assumptions.assumeTrue(torch.cuda_is_available(), "this machine has no GPU");
    scope = new PointerScope();
    torch.manual_seed(1);
  }

  @AfterEach
  void close() {
    if (scope != null) {
      scope.close();
    }
  }

  /** Outputs and gradients of a function on both devices, for inputs rounded to the type. */
  private static void compare(
      Type type, Function<List<Tensor>, Tensor> function, Tensor... inputs) {
    var here = new ArrayList<Tensor>();
    var there = new ArrayList<Tensor>();
    for (Tensor input : inputs) {
      Tensor rounded = input.to(type.type);
      there.add(rounded.to(new Device("cuda"), type.type).set_requires_grad(true));
      here.add(rounded.to(ScalarType.Float).clone().set_requires_grad(true));
    }
    Tensor expected = function.apply(here);
    Tensor found = function.apply(there);
    assertThat(found.scalar_type().intern()).isEqualTo(type.type);
    assertClose(type, found, expected);
    Tensor gradient = torch.randn_like(expected).to(type.type);
    expected.mul(gradient.to(ScalarType.Float)).sum().backward();
    found.mul(gradient.to(new Device("cuda"), type.type)).sum().backward();
    for (int i = 0; i < inputs.length; i++) {
      assertClose(type, there.get(i).grad(), here.get(i).grad());
    }
  }

  private static void assertClose(Type type, Tensor found, Tensor expected) {
    Tensor error = found.cpu().to(ScalarType.Float).sub(expected).norm();
    assertThat(error.item_double())
        .isLessThan(type.tolerance * expected.norm().item_double() + 1e-7);
  }

  @ParameterizedTest
  @EnumSource
  void gates(Type type) {
    compare(
        type,
        inputs -> SwiGlu.apply(inputs.get(0), inputs.get(1)),
        torch.randn(3, 5, 24).mul(new Scalar(4.0)),
        torch.randn(3, 5, 24));
  }

  @ParameterizedTest
  @EnumSource
  void rotaryPositions(Type type) {
    var frequencies = new float[16];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = (float) Math.pow(100, -i / 16.0);
    }
    var rotary = new Rotary(frequencies);
    for (long headSize : new long[] {32, 48}) { // the whole head, a part of it
      compare(
          type,
          inputs -> rotary.apply(inputs.getFirst().transpose(1, 2), 3),
          torch.randn(2, 37, 3, headSize));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "BFLOAT16"})
  void rootMeanSquares(Type type) {
    var here = new RmsNorm(64, 1e-5);
    var there = new RmsNorm(64, 1e-5);
    there.to(new Device("cuda"), false);
    compare(
        type,
        inputs -> (inputs.getFirst().is_cuda() ? there : here).forward(inputs.getFirst()),
        torch.randn(7, 64));
    assertClose(
        type,
        there.named_parameters().get("weight").grad(),
        here.named_parameters().get("weight").grad());
  }

  @Test
  void layerNormOfSixteenBitsStaysSo() {
    var here = new LayerNorm(64, 1e-5);
    var there = new LayerNorm(64, 1e-5);
    there.to(new Device("cuda"), false);
    compare(
        Type.BFLOAT16,
        inputs -> (inputs.getFirst().is_cuda() ? there : here).forward(inputs.getFirst()),
        torch.randn(7, 64));
  }

  @ParameterizedTest
  @EnumSource
  void crossEntropyAndItsGradient(Type type) {
    for (long classes : new long[] {8, 1000, 1001, 32_000}) {
      Tensor logits = torch.randn(5, classes).mul(new Scalar(3.0)).to(type.type);
      Tensor labels = torch.randint(classes, new long[] {5}).to(ScalarType.Long);
      Tensor counts = torch.tensor(1.0f, 0.0f, 1.0f, 0.5f, 1.0f);
      CrossEntropyRows.Result expected =
          CrossEntropyRows.plain(logits.to(ScalarType.Float), labels, counts, true);
      var gpu = new Device("cuda");
      CrossEntropyRows.Result found =
          CrossEntropyRows.of(
              logits.to(gpu, type.type),
              labels.to(gpu, ScalarType.Long),
              counts.to(gpu, ScalarType.Float),
              true);
      assertClose(Type.FLOAT, found.losses(), expected.losses());
      assertClose(type, found.gradient(), expected.gradient());
    }
  }
}
