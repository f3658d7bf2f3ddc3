package dev.filigree.zoo.model;

import dev.filigree.config.ConfigNode;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Elementwise nonlinearities, with the names that configuration files use for them. */
public enum Activation {
  GELU("gelu") {
    @Override
    Tensor apply(Tensor x) {
      return torch.gelu(x);
    }
  },
  /** GELU by the tanh approximation of Hendrycks & Gimpel (2016), as in the first GPT-2. */
  GELU_TANH("gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_python") {
    @Override
    Tensor apply(Tensor x) {
      return torch.gelu(x, "tanh");
    }
  },
  SILU("silu", "swish") {
    @Override
    Tensor apply(Tensor x) {
      return torch.silu(x);
    }
  },
  RELU("relu") {
    @Override
    Tensor apply(Tensor x) {
      return torch.relu(x);
    }
  };

  @SuppressWarnings("ImmutableEnumChecker") // List.of gives an immutable list
  private final List<String> names;

  Activation(String... names) {
    this.names = List.of(names);
  }

  abstract Tensor apply(Tensor x);

  /** Hugging Face's first name for it. */
  public String huggingFaceName() {
    return names.getFirst();
  }

  static Activation read(ConfigNode node) {
    String name = node.asString();
    return Arrays.stream(values())
        .filter(activation -> activation.names.contains(name))
        .findFirst()
        .orElseThrow(
            () ->
                node.error(
                    "unknown activation '%s'; allowed are %s"
                        .formatted(
                            name,
                            Arrays.stream(values())
                                .flatMap(activation -> activation.names.stream())
                                .collect(Collectors.joining(", ")))));
  }
}
