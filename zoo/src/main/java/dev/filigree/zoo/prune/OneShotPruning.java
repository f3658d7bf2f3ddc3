package dev.filigree.zoo.prune;

import dev.filigree.nn.Linear;
import dev.filigree.nn.WeightedLayer;
import dev.filigree.sparsity.ParameterFilter;
import dev.filigree.sparsity.oneshot.LayerInputs;
import dev.filigree.sparsity.oneshot.OneShotAlgorithm;
import dev.filigree.sparsity.oneshot.PrunedWeight;
import dev.filigree.sparsity.oneshot.PruningTarget;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.model.Blocks;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.model.Model;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Prunes a trained network in one shot. With calibration, block by block as Wanda and SparseGPT do:
 * a block's linear layers are pruned by what they see while the blocks before them are pruned
 * already, and only one block's statistics are in memory at a time, beside the residual stream of
 * all samples.
 */
public final class OneShotPruning {
  private final Model model;
  private final OneShotAlgorithm algorithm;
  private final PruningTarget target;
  private final Map<Long, String> names = new LinkedHashMap<>(); // by the parameter's identity
  private final List<PrunedLayer> layers = new ArrayList<>();
  private final Map<String, Tensor> masks = new LinkedHashMap<>();
  private Consumer<PrunedLayer> listener = layer -> {};

  /** Pruning of a network, whose weights change. */
  public OneShotPruning(Model model, OneShotAlgorithm algorithm, PruningTarget target) {
    this.model = model;
    this.algorithm = algorithm;
    this.target = target;
    Tensors.namedParameters(model)
        .forEach((name, tensor) -> names.put(Tensors.identity(tensor), name));
  }

  /** Tells of each layer when it is pruned. */
  public OneShotPruning listener(Consumer<PrunedLayer> value) {
    listener = value;
    return this;
  }

  /**
   * Prunes every matrix that is no embedding, norm or output head, by the weights alone.
   *
   * @throws IllegalArgumentException for an algorithm that needs inputs
   */
  public PrunedNetwork byWeights() {
    if (algorithm.needsInputs()) {
      throw new IllegalArgumentException("the algorithm needs samples to calibrate with");
    }
    var filter = ParameterFilter.standard();
    Map<String, Tensor> weights = Tensors.namedParameters(model);
    weights
        .entrySet()
        .removeIf(e -> !filter.matches(List.of(e.getKey()), Tensors.shape(e.getValue())));
    weights.forEach(this::requireFit);
    try (var nothing = new LayerInputs()) {
      weights.forEach((name, weight) -> prune(name, weight, nothing));
    }
    return new PrunedNetwork(layers, masks);
  }

  /**
   * Prunes the linear layers of a language model's blocks.
   *
   * @param samples token ids, int64 [1, sequence] each, at least one
   * @throws IllegalArgumentException for a network that is not made of blocks, or has a shape that
   *     the target does not fit
   */
  public PrunedNetwork byInputs(List<Tensor> samples) {
    boolean training = model.is_training();
    model.eval(); // no dropout
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      Blocks blocks = blocks(samples.getFirst());
      blocks.blocks().forEach(block -> linears(block).forEach(this::requireFit));
      List<Tensor> stream = new ArrayList<>(); // samples × [1, sequence, hidden]
      for (Tensor sample : samples) {
        stream.add(Tensors.scoped(() -> blocks(sample).input()));
      }
      for (int i = 0; i < blocks.blocks().size(); i++) {
        prune(blocks.blocks().get(i), stream);
        if (i + 1 < blocks.blocks().size()) {
          advance(blocks.blocks().get(i), stream);
        }
      }
    } finally {
      model.train(training);
    }
    return new PrunedNetwork(layers, masks);
  }

  private void requireFit(String name, Linear linear) {
    requireFit(name, linear.weight());
  }

  /** Before anything is changed. */
  private void requireFit(String name, Tensor weight) {
    target.pattern().ifPresent(pattern -> pattern.shaper().group(name, Tensors.shape(weight)));
  }

  private Blocks blocks(Tensor tokens) {
    if (model instanceof LanguageModel language) {
      return language.blocks(tokens).orElseThrow(() -> notInBlocks(model.config().modelType()));
    }
    throw notInBlocks(model.config().modelType());
  }

  private static IllegalArgumentException notInBlocks(String type) {
    return new IllegalArgumentException(
        "a network of type '%s' cannot be calibrated; llama, mistral, gpt2 and gpt_neox can, and"
                .formatted(type)
            + " magnitude prunes any without data");
  }

  private void prune(Blocks.Block block, List<Tensor> stream) {
    Map<String, Linear> linears = linears(block);
    Map<Linear, LayerInputs> inputs = gather(block, linears, stream);
    try {
      linears.forEach(
          (name, linear) -> {
            LayerInputs seen = inputs.get(linear);
            if (seen != null) {
              prune(name, linear.weight(), seen);
            }
          });
    } finally {
      inputs.values().forEach(LayerInputs::close);
    }
  }

  private Map<String, Linear> linears(Blocks.Block block) {
    var linears = new LinkedHashMap<String, Linear>();
    for (Tensor parameter : Tensors.namedParameters(block.layer()).values()) {
      WeightedLayer.of(parameter)
          .filter(Linear.class::isInstance)
          .ifPresent(layer -> linears.put(name(parameter), (Linear) layer));
    }
    return linears;
  }

  private String name(Tensor parameter) {
    return Objects.requireNonNull(names.get(Tensors.identity(parameter)));
  }

  /** What each layer sees of all samples. Layers that read the same tensor share it. */
  private static Map<Linear, LayerInputs> gather(
      Blocks.Block block, Map<String, Linear> linears, List<Tensor> stream) {
    var inputs = new LinkedHashMap<Linear, LayerInputs>();
    var last = new Reading();
    for (Linear linear : linears.values()) {
      linear.inputListener(
          x -> {
            if (last.is(x)) {
              inputs.putIfAbsent(linear, last.inputs);
            } else {
              last.of(x, inputs.computeIfAbsent(linear, _ -> new LayerInputs()));
              last.inputs.add(x);
            }
          });
    }
    try {
      for (Tensor x : stream) {
        Tensors.inScope(
            () -> {
              var _ = block.forward().apply(x);
              last.forget();
            });
      }
    } finally {
      linears.values().forEach(linear -> linear.inputListener(null));
    }
    return inputs;
  }

  private static void advance(Blocks.Block block, List<Tensor> stream) {
    stream.replaceAll(
        x -> {
          Tensor next = Tensors.scoped(() -> block.forward().apply(x));
          x.close();
          return next;
        });
  }

  private void prune(String name, Tensor weight, LayerInputs inputs) {
    Tensors.inScope(
        () -> {
          PrunedWeight pruned = algorithm.prune(name, weight.detach(), inputs, target);
          OptionalDouble error =
              inputs.wereSeen()
                  ? OptionalDouble.of(inputs.outputError(weight, pruned.weight()))
                  : OptionalDouble.empty();
          weight.detach().copy_(pruned.weight());
          long kept = pruned.mask().sum().item_long();
          masks.put(name, new Tensor(pruned.mask()).retainReference());
          layers.add(new PrunedLayer(name, weight.numel(), kept, error));
        });
    listener.accept(layers.getLast());
  }

  /** The tensor that a layer read last; a reference to it keeps its identity its own. */
  private static final class Reading {
    private @Nullable Tensor tensor;
    private LayerInputs inputs = new LayerInputs();

    boolean is(Tensor x) {
      return tensor != null && Tensors.identity(tensor) == Tensors.identity(x);
    }

    void of(Tensor x, LayerInputs seen) {
      tensor = new Tensor(x);
      inputs = seen;
    }

    /** To be called before the scope ends that the tensor belongs to. */
    void forget() {
      tensor = null;
    }
  }
}
