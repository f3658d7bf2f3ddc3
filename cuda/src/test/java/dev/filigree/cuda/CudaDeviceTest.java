package dev.filigree.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class CudaDeviceTest {
  @Test
  void aMachineWithoutGpuSaysWhy() {
    Assumptions.assumeTrue(CudaDevice.obstacle().isPresent(), "this machine has a GPU");
    assertThat(CudaDevice.all()).isEmpty();
    assertThat(CudaDevice.obstacle().orElseThrow()).contains("NVIDIA driver").doesNotContain("\n");
    assertThatThrownBy(() -> CudaKernels.of(0, Path.of("unused")))
        .isInstanceOf(CudaException.class)
        .hasMessageMatching("[^\n]+");
  }

  @Test
  void aGpuHasAnArchitecture() {
    Assumptions.assumeTrue(CudaDevice.obstacle().isEmpty(), "this machine has no GPU");
    CudaDevice device = CudaDevice.of(0);
    assertThat(device.architecture()).matches("sm_\\d+");
    assertThat(device.memory()).isGreaterThan(1L << 30);
    assertThat(device.multiprocessors()).isPositive();
    assertThat(CudaDevice.driverVersion()).matches("\\d+\\.\\d+");
  }
}
