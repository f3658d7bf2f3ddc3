package dev.filigree.zoo.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigReader;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RotaryConfigTest {
  private static final RotaryConfig LLAMA_31 =
      new RotaryConfig(500_000, new RotaryConfig.Llama3(8, 1, 4, 8192));

  private static RotaryConfig read(Map<String, Object> config) {
    return RotaryKeys.LLAMA.read((ConfigMap) ConfigReader.of(config, "config.json"));
  }

  @Test
  void frequenciesAreAGeometricSeries() {
    float[] frequencies = new RotaryConfig(10_000, new RotaryConfig.None()).frequencies(8);

    assertThat(frequencies).containsExactly(new float[] {1f, 0.1f, 0.01f, 0.001f}, within(1e-9f));
  }

  @Test
  void linearScalingDividesEveryFrequency() {
    float[] frequencies =
        new RotaryConfig(10_000, new RotaryConfig.LinearScaling(4)).frequencies(8);

    assertThat(frequencies)
        .containsExactly(new float[] {0.25f, 0.025f, 0.0025f, 0.00025f}, within(1e-9f));
  }

  @Test
  void llama31StretchesLongWavelengthsOnly() {
    float[] plain = new RotaryConfig(500_000, new RotaryConfig.None()).frequencies(128);
    float[] scaled = LLAMA_31.frequencies(128);

    for (int i = 0; i < plain.length; i++) {
      double wavelength = 2 * Math.PI / plain[i];
      double factor = plain[i] / scaled[i];
      if (wavelength < 8192 / 4.0) {
        assertThat(factor).isEqualTo(1);
      } else if (wavelength > 8192) {
        assertThat(factor).isCloseTo(8, within(1e-5));
      } else {
        double smooth = (8192 / wavelength - 1) / 3;
        assertThat(factor).isCloseTo(1 / ((1 - smooth) / 8 + smooth), within(1e-5));
      }
    }
    assertThat(plain[63] / scaled[63]).isCloseTo(8, within(1e-5f));
  }

  @Test
  void bothFormsOfTheKeysAreRead() {
    Map<String, Object> scaling =
        Map.of(
            "rope_type", "llama3",
            "factor", 8.0,
            "low_freq_factor", 1.0,
            "high_freq_factor", 4.0,
            "original_max_position_embeddings", 8192);
    assertThat(read(Map.of("rope_theta", 500_000, "rope_scaling", scaling))).isEqualTo(LLAMA_31);
    var parameters = new LinkedHashMap<>(scaling);
    parameters.put("rope_theta", 500_000);
    assertThat(read(Map.of("rope_parameters", parameters))).isEqualTo(LLAMA_31);
    assertThat(read(Map.of())).isEqualTo(new RotaryConfig(10_000, new RotaryConfig.None()));
    assertThat(read(Map.of("rope_scaling", Map.of("type", "linear", "factor", 2))).scaling())
        .isEqualTo(new RotaryConfig.LinearScaling(2));
    Map<String, Object> both = Map.of("type", "linear", "rope_type", "linear", "factor", 4);
    assertThat(read(Map.of("rope_scaling", both)).scaling())
        .isEqualTo(new RotaryConfig.LinearScaling(4));
  }

  @Test
  void whatIsWrittenIsReadBack() {
    var config = new LinkedHashMap<String, Object>();
    RotaryKeys.LLAMA.put(config, LLAMA_31, 8, 8);
    assertThat(read(config)).isEqualTo(LLAMA_31);
    config.remove("rope_parameters");
    assertThat(read(config)).isEqualTo(LLAMA_31);
  }

  @Test
  void otherScalingsAreRefused() {
    assertThatThrownBy(() -> read(Map.of("rope_scaling", Map.of("type", "dynamic", "factor", 2.0))))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "config.json: rope_scaling.type: rotary scaling 'dynamic' is not supported; supported"
                + " are default, linear, llama3");
  }
}
