package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Elementwise nonlinearities, with the names that configuration files use for them: each name means
 * the function that Hugging Face's transformers gives it.
 */
public enum Activation {
  /** x · Φ(x), Hendrycks and Gimpel 2016. */
  GELU("gelu", "gelu_python") {
    @Override
    Tensor apply(Tensor x) {
      return torch.gelu(x);
    }
  },
  /**
   * GELU by the tanh approximation of Hendrycks and Gimpel (2016), as in the first GPT-2. The names
   * differ in who computes it and in the digits of √(2/π), past those of float32.
   */
  GELU_TANH("gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_fast", "gelu_accurate") {
    @Override
    Tensor apply(Tensor x) {
      return torch.gelu(x, "tanh");
    }
  },
  /** GELU by the sigmoid approximation of the same paper: x · sigmoid(1.702 · x). */
  GELU_SIGMOID("quick_gelu") {
    @Override
    Tensor apply(Tensor x) {
      return x.mul(torch.sigmoid(x.mul(new Scalar(1.702))));
    }
  },
  /** x · σ(x), Elfwing et al. 2017. */
  SILU("silu", "swish") {
    @Override
    Tensor apply(Tensor x) {
      return torch.silu(x);
    }
  },
  /** max(x, 0). */
  RELU("relu") {
    @Override
    Tensor apply(Tensor x) {
      return torch.relu(x);
    }
  },
  /** The square of ReLU (So et al. 2021, arXiv:2109.08668). */
  RELU_SQUARED("relu2", "squared_relu") {
    @Override
    Tensor apply(Tensor x) {
      return torch.square(torch.relu(x));
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

  /** The activation that a key names. */
  static Activation read(ConfigMap map, String key, Activation fallback) {
    String name = map.string(key, fallback.huggingFaceName());
    return Arrays.stream(values())
        .filter(activation -> activation.names.contains(name))
        .findFirst()
        .orElseThrow(
            () ->
                map.require(key)
                    .error(
                        "unknown activation '%s'; allowed are %s"
                            .formatted(
                                name,
                                Arrays.stream(values())
                                    .flatMap(activation -> activation.names.stream())
                                    .collect(Collectors.joining(", ")))));
  }
}
