package dev.filigree.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.cuda.KernelSource;
import dev.filigree.cuda.Nvrtc;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransformerKernelsTest {
  @ParameterizedTest
  @ValueSource(strings = {"float", "bfloat16", "float16"})
  void theKernelsCompileForEachType(String scalar) {
    Assumptions.assumeTrue(Nvrtc.find().isPresent(), "NVRTC is not installed here");
    KernelSource source =
        KernelSource.of(TransformerKernels.class, "transformer.cu").with("SCALAR", scalar);
    for (String architecture : new String[] {"sm_80", "sm_90"}) {
      assertThat(Nvrtc.find().orElseThrow().compile(source, architecture)).isNotEmpty();
    }
  }
}
