package dev.filigree.zoo.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceTest {
  @ParameterizedTest
  @CsvSource({
    "auto, auto",
    "CPU, cpu",
    "cuda, cuda",
    "cuda:0, cuda",
    "CUDA:1, cuda:1",
    "gpu:12, cuda:12"
  })
  void namesAreReadInAnyCase(String name, String expected) {
    assertThat(Device.of(name).orElseThrow()).hasToString(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "tpu", "cuda:", "cuda:-1", "cuda:1000", "cpu:1", "cuda1"})
  void otherNamesAreNone(String name) {
    assertThat(Device.of(name)).isEmpty();
  }

  @Test
  void theNumberOfAGpuIsKeptInARunsConfiguration() {
    RunConfig config = RunConfig.defaults(List.of("device=cuda:3"));
    assertThat(config.device()).isEqualTo(new Device(Device.Kind.CUDA, 3));
    assertThat(config.device().toConfig()).containsEntry("backend_type", "cuda:3");
  }
}
