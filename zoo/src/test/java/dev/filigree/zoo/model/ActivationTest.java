package dev.filigree.zoo.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ActivationTest {
  private static Activation read(String name) {
    var config = (ConfigMap) ConfigReader.of(Map.of("hidden_act", name), "config.json");
    return Activation.read(config, "hidden_act", Activation.GELU);
  }

  /** The expected values are those of golden/activations/activations.py. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "gelu",
        "gelu_python",
        "gelu_new",
        "gelu_pytorch_tanh",
        "gelu_python_tanh",
        "gelu_accurate",
        "gelu_fast",
        "quick_gelu",
        "silu",
        "swish",
        "relu",
        "relu2",
        "squared_relu"
      })
  void aNameMeansTheFunctionOfTransformers(String name) throws IOException {
    JsonNode golden =
        new ObjectMapper()
            .readTree(Path.of("src/test/resources/golden/activations/expected.json").toFile());
    JsonNode xs = golden.get("x");
    JsonNode expected = golden.get("y").get(name);
    for (int i = 0; i < xs.size(); i++) {
      Tensor x = torch.tensor(xs.get(i).asDouble());
      assertThat(read(name).apply(x).item_double())
          .as("%s(%s)", name, xs.get(i))
          .isCloseTo(expected.get(i).asDouble(), within(1e-9));
      // What is written for it is read as the same function.
      assertThat(read(read(name).huggingFaceName())).isEqualTo(read(name));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gelu_10", "laplace", "leaky_relu", "linear", "mish", "relu6", "tanh"})
  void othersAreRefusedByName(String name) {
    assertThatThrownBy(() -> read(name))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("unknown activation '" + name + "'; allowed are gelu, gelu_python,");
  }

  @Test
  void theExactFunctionIsWrittenAsGeluAndTheTanhOneAsGeluNew() {
    assertThat(Activation.GELU.huggingFaceName()).isEqualTo("gelu");
    assertThat(Activation.GELU_TANH.huggingFaceName()).isEqualTo("gelu_new");
  }
}
