package dev.filigree.zoo.model;

import dev.filigree.torch.Tensors;
import dev.filigree.zoo.data.Batch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A network that can be trained. Its parameters and buffers are float32; checkpoints hold them
 * under the names of the module tree. Networks of your own become known by {@link Models#register}.
 */
public abstract class Model extends Part {
  private @Nullable ModelConfig config;

  /**
   * What the network was made from.
   *
   * @throws IllegalStateException for a network of your own that its constructor made, and not a
   *     configuration
   */
  public ModelConfig config() {
    if (config == null) {
      throw new IllegalStateException(
          getClass().getName()
              + " has no configuration: Models.register makes its kind known, and"
              + " Models.of makes one");
    }
    return config;
  }

  /** Says what the network was made from. */
  final void config(ModelConfig value) {
    config = value;
  }

  /**
   * The mean loss over the positions that count, a scalar that can be differentiated; of language
   * models and classifiers in nats.
   */
  public abstract Tensor loss(Batch batch);

  /**
   * Every tensor of the network's state, by our names: parameters, and buffers such as running
   * averages. They are the network's own, not copies.
   */
  public final Map<String, Tensor> tensors() {
    Map<String, Tensor> tensors = Tensors.namedParameters(this);
    tensors.putAll(Tensors.namedBuffers(this));
    return tensors;
  }

  /** Every parameter, in the order of the module tree. */
  final List<ParameterSpec> specs() {
    Map<String, Origin> origins = origins();
    var specs = new ArrayList<ParameterSpec>();
    Tensors.namedParameters(this)
        .forEach(
            (name, tensor) -> {
              Origin origin = origins.get(name);
              List<Long> shape = Arrays.stream(Tensors.shape(tensor)).boxed().toList();
              specs.add(
                  origin == null
                      ? new ParameterSpec(name, name, shape, null, 1)
                      : new ParameterSpec(
                          name,
                          origin.modelZooName(),
                          shape,
                          origin.initializer(),
                          origin.learningRateScale()));
            });
    return specs;
  }

  /**
   * What each tensor of the network begins with for a seed, by name: a function whose results are
   * on the CPU where they are drawn, one after the other. What the network has drawn itself, or
   * what is no parameter, is the tensor as it is.
   */
  public final Function<String, Tensor> initialValues(long seed) {
    Map<String, Origin> origins = origins();
    Map<String, Tensor> tensors = tensors();
    return name -> {
      Tensor tensor = Objects.requireNonNull(tensors.get(name), name);
      Origin origin = origins.get(name);
      if (origin == null) {
        return tensor.detach().contiguous();
      }
      Tensor values = Tensors.float32(Tensors.shape(tensor));
      origin.initializer().fill(values, seed, name);
      return values;
    };
  }

  /** Gives every parameter of the zoo's parts its initial value for a seed. */
  final void initialize(long seed) {
    var parameters = Tensors.namedParameters(this);
    try (var _ = new NoGradGuard()) {
      origins()
          .forEach(
              (name, origin) ->
                  origin
                      .initializer()
                      .fill(Objects.requireNonNull(parameters.get(name), name), seed, name));
    }
  }
}
