package dev.filigree.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Needs NVIDIA's run-time compiler, but no GPU. */
class NvrtcTest {
  private static final byte[] ELF = {127, 'E', 'L', 'F'};
  private Nvrtc nvrtc;

  @BeforeEach
  void findCompiler() {
    Assumptions.assumeTrue(
        Nvrtc.find().isPresent(), "NVRTC is not installed here: no kernel is compiled");
    nvrtc = Nvrtc.find().orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(strings = {"float", "bfloat16", "float16"})
  void theKernelsOfSparseWeightsCompile(String scalar) {
    for (String name : List.of("sparse.cu", "sampled.cu")) {
      KernelSource source = KernelSource.of(CudaKernels.class, name).with("SCALAR", scalar);
      for (String architecture : List.of("sm_80", "sm_90")) {
        assertThat(nvrtc.compile(source, architecture)).startsWith(ELF);
      }
    }
  }

  @Test
  void theKernelOfMaskedWeightsCompiles() {
    KernelSource source = KernelSource.of(CudaKernels.class, "masked.cu");
    assertThat(nvrtc.compile(source, "sm_90")).startsWith(ELF);
  }

  @Test
  void theKernelsOfSelectionCompile() {
    KernelSource source = KernelSource.of(CudaKernels.class, "select.cu");
    assertThat(source.kernels()).contains("begin", "count_keys", "choose_rank", "select_flags");
    assertThat(nvrtc.compile(source, "sm_90")).isNotEmpty();
  }

  @Test
  void anErrorNamesTheKernelAndTheLine() {
    var source =
        new KernelSource(
            "broken.cu",
            """
            extern "C" __global__ void first(int* x) { x[0] = 1; }

            extern "C" __global__ void second(int* x) {
              x[0] = nowhere;
            }
            """,
            Map.of());
    assertThatThrownBy(() -> nvrtc.compile(source, "sm_90"))
        .isInstanceOf(CudaException.class)
        .hasMessageStartingWith(
            "kernel second (broken.cu, line 4) does not compile for sm_90:\nbroken.cu(4): error:")
        .hasMessageContaining("nowhere");
  }

  @Test
  void anUnknownArchitectureIsNamed() {
    var source = new KernelSource("none.cu", "", Map.of());
    assertThatThrownBy(() -> nvrtc.compile(source, "sm_1"))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("sm_1");
  }

  @Test
  void aKernelIsCompiledOnceForAllThatItIsMadeOf(@TempDir Path folder) throws IOException {
    var cache = new CubinCache(folder);
    var source =
        new KernelSource(
            "one.cu", "extern \"C\" __global__ void one(int* x) { x[0] = VALUE; }", Map.of());
    byte[] first = cache.cubin(source.with("VALUE", "1"), "sm_90", nvrtc);
    assertThat(files(folder)).hasSize(1);
    Path kept = files(folder).getFirst();
    assertThat(Files.readAllBytes(kept)).isEqualTo(first);
    Files.write(kept, new byte[] {1, 2, 3});
    assertThat(cache.cubin(source.with("VALUE", "1"), "sm_90", nvrtc)).containsExactly(1, 2, 3);
    cache.cubin(source.with("VALUE", "2"), "sm_90", nvrtc);
    cache.cubin(source.with("VALUE", "1"), "sm_80", nvrtc);
    assertThat(files(folder)).hasSize(3);
  }

  @Test
  void aFolderThatCannotBeWrittenCostsOnlyTheCache(@TempDir Path folder) throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    var source = new KernelSource("one.cu", "extern \"C\" __global__ void one() {}", Map.of());
    assertThat(new CubinCache(file.resolve("below")).cubin(source, "sm_90", nvrtc)).isNotEmpty();
  }

  private static List<Path> files(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.toList();
    }
  }
}
