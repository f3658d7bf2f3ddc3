package dev.filigree.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SparseKernelsTest {
  private final Arena arena = Arena.ofShared();
  private final SparseKernels kernels = SparseKernels.withThreads(2);
  private final SparseMatrix weight = SparseMatrix.ofPositions(3, 2, new int[] {0, 3});

  @AfterEach
  void close() {
    kernels.close();
    arena.close();
  }

  private MemorySegment floats(int count) {
    return RandomMatrices.gaussian(arena, count, new Random(count));
  }

  @Test
  void refusesSizesThatDoNotFit() {
    PackedTokens x = kernels.pack(floats(8), 4, 2);
    PackedTokens dy = kernels.pack(floats(12), 4, 3);
    PackedTokens short_ = kernels.pack(floats(9), 3, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernels.pack(floats(7), 4, 2))
        .withMessage("matrix has 28 bytes; 8 fp32 numbers take 32");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernels.forward(weight, floats(3), x, null, floats(12)))
        .withMessage("values has 12 bytes; 2 fp32 numbers take 8");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernels.forward(weight, floats(2), dy, null, floats(12)))
        .withMessage("x has 3 features; the weight has in = 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernels.forward(weight, floats(2), x, floats(2), floats(12)))
        .withMessage("bias has 8 bytes; 3 fp32 numbers take 12");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernels.inputGradient(weight, floats(2), dy, floats(12)))
        .withMessage("dx has 48 bytes; 8 fp32 numbers take 32");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernels.weightGradient(weight, short_, x, floats(2)))
        .withMessage("x has 4 tokens and dy has 3; the numbers must be equal");
  }

  @Test
  void refusesMemoryOnTheHeap() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernels.pack(MemorySegment.ofArray(new float[8]), 4, 2))
        .withMessage("matrix must be native memory aligned to 4 bytes");
  }

  @Test
  void refusesPackedTokensThatWereClosed() {
    PackedTokens x = kernels.pack(floats(8), 4, 2);
    x.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> kernels.forward(weight, floats(2), x, null, floats(12)))
        .withMessage("the packed tokens have been closed");
  }

  @Test
  void aFailureOnAnotherThreadReachesTheCaller() {
    try (var pool = new WorkerPool(3)) {
      assertThatIllegalStateException()
          .isThrownBy(
              () ->
                  pool.run(
                      100,
                      (worker, unit) -> {
                        if (unit == 50) {
                          throw new IllegalStateException("unit 50");
                        }
                      }))
          .withMessage("unit 50");
    }
  }

  @Test
  void refusesAPoolWithoutThreads() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SparseKernels.withThreads(0))
        .withMessage("threads is 0; it must be at least 1");
  }

  @Test
  void aForcedProviderThatDoesNotExistFails() {
    assertThatIllegalStateException()
        .isThrownBy(() -> KernelProvider.choose("fortran"))
        .withMessage("-Dfiligree.kernels.provider=fortran: the providers are panama and scalar");
    assertThat(KernelProvider.choose("scalar").name()).isEqualTo("scalar");
  }
}
