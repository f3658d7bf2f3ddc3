package dev.filigree.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class KernelSourceTest {
  private static final KernelSource SOURCE =
      new KernelSource(
          "twice.cu",
          """
          #include "scalar.cuh"
          __device__ float helper(float x) { return x + x; }

          extern "C" __global__ void twice(const float* x, long long n, float* y) {
            y[0] = helper(x[0]);
          }

          extern "C" __global__ void __launch_bounds__(256) scale(
              const SCALAR *x, int n, float factor, SCALAR *y) {
            y[0] = from_float<SCALAR>(factor * to_float(x[0]));
          }
          """,
          Map.of());

  @Test
  void kernelsAreFoundByTheirDeclarations() {
    assertThat(SOURCE.kernels()).containsExactly("twice", "scale");
    assertThat(SOURCE.signature("scale").parameters())
        .containsExactly("const SCALAR *x", "int n", "float factor", "SCALAR *y");
  }

  @Test
  void aLineBelongsToTheKernelAboveIt() {
    assertThat(SOURCE.kernelAt(2)).isEqualTo("twice.cu");
    assertThat(SOURCE.kernelAt(5)).isEqualTo("twice");
    assertThat(SOURCE.kernelAt(10)).isEqualTo("scale");
  }

  @Test
  void argumentsArePassedAsWords() {
    assertThat(SOURCE.signature("scale").words(7L, -1, 1f, 8L))
        .containsExactly(7L, -1L, 0x3F800000L, 8L);
    assertThat(SOURCE.signature("twice").words(7L, 9L, 8L)).containsExactly(7L, 9L, 8L);
  }

  @Test
  void argumentsOfOtherTypesOrNumberAreRefused() {
    assertThatThrownBy(() -> SOURCE.signature("scale").words(7L, 1L, 1f, 8L))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("kernel scale takes (const SCALAR *x, int n, float factor")
        .hasMessageEndingWith("found (Long 7, Long 1, Float 1.0, Long 8)");
    assertThatThrownBy(() -> SOURCE.signature("twice").words(7L))
        .hasMessageEndingWith("found (Long 7)");
  }

  @Test
  void whatIsNotThereIsNamed() {
    assertThatThrownBy(() -> SOURCE.signature("thrice"))
        .hasMessage("there is no kernel 'thrice' in twice.cu, only [twice, scale]");
    assertThatThrownBy(() -> KernelSource.of(KernelSourceTest.class, "none.cu"))
        .hasMessage("there is no resource 'none.cu' beside dev.filigree.cuda.KernelSourceTest");
  }

  @Test
  void macrosAreOptionsInOneOrder() {
    KernelSource compiled = SOURCE.with("WIDTH", "4").with("SCALAR", "bfloat16");
    assertThat(compiled.options()).containsExactly("-DSCALAR=bfloat16", "-DWIDTH=4");
    assertThat(compiled).hasToString("twice.cu[-DSCALAR=bfloat16, -DWIDTH=4]");
  }

  @Test
  void gridsHaveSizesThatCardsHave() {
    assertThat(Grid.covering(0, 256)).isEqualTo(Grid.of(1, 256));
    assertThat(Grid.covering(257, 256).x()).isEqualTo(2);
    assertThatThrownBy(() -> Grid.of(1, 1025))
        .hasMessageContaining("found 1 x 1 blocks of 1025 threads");
    assertThatThrownBy(() -> Grid.of(0, 32)).isInstanceOf(IllegalArgumentException.class);
  }
}
