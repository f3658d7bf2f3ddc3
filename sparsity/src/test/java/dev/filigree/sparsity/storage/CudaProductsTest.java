package dev.filigree.sparsity.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.mask.Masks;
import dev.filigree.mask.RandomScores;
import dev.filigree.torch.Cuda;
import dev.filigree.torch.Tensors;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The products on a GPU against dense float64 ones on the CPU. */
@Tag("cuda")
class CudaProductsTest {
  private static final Device CPU = new Device("cpu").retainReference();
  private static final Device GPU = new Device("cuda:0").retainReference();

  /** Largest error of a product, as a fraction of the largest element. */
  private static final double FLOAT_ERROR = 1e-5;

  private static final double BFLOAT16_ERROR = 1e-2; // 8 bits of the weights and of the result

  private PointerScope scope;
  private NoGradGuard noGradients;
  private SparseProducts products;

  @BeforeEach
  void open() {
    Assumptions.assumeTrue(Cuda.obstacle().isEmpty(), "no GPU: " + Cuda.obstacle().orElse(""));
    scope = new PointerScope();
    noGradients = new NoGradGuard();
    products = new CudaProducts(new SampledGradient(2));
  }

  @AfterEach
  void close() {
    if (scope != null) {
      products.close();
      noGradients.close();
      scope.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 0.0",
    "3, 5, 7, 0.5",
    "64, 64, 64, 1.0",
    "40, 100, 103, 0.0",
    "128, 256, 512, 0.8",
    "33, 515, 1031, 0.9",
    "300, 2048, 1376, 0.99",
    "1000, 640, 2048, 0.999",
  })
  void productsAreThoseOfTheDenseWeight(int tokens, int rows, int columns, double sparsity) {
    for (ScalarType type : List.of(ScalarType.Float, ScalarType.BFloat16, ScalarType.Half)) {
      check(tokens, rows, columns, sparsity, type);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 0.0",
    "3, 5, 7, 0.5",
    "9, 64, 64, 1.0",
    "40, 100, 103, 0.9",
    "33, 515, 1031, 0.99",
    "300, 2048, 1376, 0.99",
    "1000, 640, 2048, 0.999",
    "64, 3000, 4096, 0.999",
  })
  void sampledGradientsAreThoseOfTheDenseWeight(
      int tokens, int rows, int columns, double sparsity) {
    products = new CudaProducts(new SampledGradient(0));
    for (ScalarType type : List.of(ScalarType.Float, ScalarType.BFloat16, ScalarType.Half)) {
      check(tokens, rows, columns, sparsity, type);
    }
  }

  private void check(int tokens, int rows, int columns, double sparsity, ScalarType type) {
    double error = type == ScalarType.Float ? FLOAT_ERROR : BFLOAT16_ERROR;
    Tensor mask = mask(rows, columns, sparsity);
    SparseLayout layout = products.layout(mask);
    Tensor x = random("x", tokens, columns).to(type);
    Tensor dy = random("dy", tokens, rows).to(type);
    Tensor dense = random("w", rows, columns).mul(mask);
    Tensor values = layout.gather(dense);
    assertThat(values.numel()).isEqualTo(layout.kept()).isEqualTo(Masks.count(mask));

    SparseProducts.Packed in = products.packShared(layout, x);
    SparseProducts.Packed out = products.pack(dy);
    Tensor y = products.forward(layout, values, in);
    Tensor dx = products.inputGradient(layout, values, out);
    Tensor dw = products.weightGradient(layout, out, in);
    in.release();
    out.release();

    assertThat(Tensors.type(y)).isEqualTo(type);
    assertThat(Tensors.type(dw)).isEqualTo(ScalarType.Float);
    assertClose(y, exact(x).mm(exact(dense).t()), error, "y");
    assertClose(dx, exact(dy).mm(exact(dense)), error, "dx");
    assertClose(layout.scatter(dw), exact(dy).t().mm(exact(x)).mul(exact(mask)), error, "dw");
    layout.close();
  }

  private static void assertClose(Tensor found, Tensor expected, double error, String what) {
    assertThat(Tensors.shape(found)).as(what).isEqualTo(Tensors.shape(expected));
    Tensor difference = exact(found).sub(expected).abs();
    double most = difference.max().item_double();
    double largest = Math.max(1e-6, expected.abs().max().item_double());
    assertThat(most / largest).as(what).isLessThan(error);
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 0.0", "5, 7, 0.5", "64, 64, 1.0", "515, 1031, 0.9", "2048, 1376, 0.5"})
  void aLayoutGathersScattersAndHasItsMask(int rows, int columns, double sparsity) {
    Tensor mask = mask(rows, columns, sparsity);
    Tensor dense = random("w", rows, columns).mul(mask);
    SparseLayout layout = products.layout(mask);
    assertThat(layout.mask().equal(mask)).isTrue();
    assertThat(layout.positions().equal(mask.flatten().nonzero().flatten())).isTrue();
    for (ScalarType type : List.of(ScalarType.Float, ScalarType.Double, ScalarType.BFloat16)) {
      Tensor typed = dense.to(type);
      assertThat(layout.scatter(layout.gather(typed)).equal(typed)).as("%s", type).isTrue();
    }
    assertThat(layout.bytes()).isLessThanOrEqualTo(4 * (layout.kept() + 2) + rows * columns / 512);
    layout.close();
  }

  @Test
  void valuesMoveFromOneMaskToAnother() {
    Tensor dense = random("w", 515, 1031);
    Tensor before = mask(515, 1031, 0.8);
    Tensor after = random("other", 515, 1031).gt(new Scalar(0.3));
    SparseLayout old = products.layout(before);
    SparseLayout made = products.layout(after);
    Tensor moved = made.rearranging(old).apply(old.gather(dense));
    assertThat(made.scatter(moved).equal(dense.mul(before).mul(after))).isTrue();
  }

  @Test
  void theScratchGrowsToTheLargestWeight() {
    check(8, 16, 16, 0.5, ScalarType.Float);
    check(8, 600, 700, 0.5, ScalarType.BFloat16);
    check(8, 16, 16, 0.5, ScalarType.BFloat16);
    check(8, 600, 700, 0.5, ScalarType.Float);
  }

  private static Tensor mask(int rows, int columns, double sparsity) {
    return Masks.topK(random("mask", rows, columns), sparsity);
  }

  private static Tensor random(String name, long... shape) {
    return RandomScores.of(3, name, 0).tensor(GPU, shape).sub(new Scalar(0.5));
  }

  private static Tensor exact(Tensor tensor) {
    return tensor.to(CPU, ScalarType.Double);
  }
}
