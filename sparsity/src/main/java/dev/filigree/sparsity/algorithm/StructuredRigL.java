package dev.filigree.sparsity.algorithm;

import dev.filigree.config.Default;
import dev.filigree.mask.Counting;
import dev.filigree.mask.Masks;
import dev.filigree.mask.ScoreShaper;
import dev.filigree.mask.SelectionGroups;
import dev.filigree.mask.TieBreak;
import dev.filigree.torch.Tensors;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * SRigL, structured RigL: every active neuron (output) of a layer has the same fan-in, the number
 * of its weights; neurons with few salient ones are ablated, and their weights go to the others,
 * until enough of theirs are salient again. Lasby et al., "Dynamic Sparse Training with Structured
 * Sparsity", ICLR 2024, arXiv:2305.02299, section 3, steps 1 to 7.
 */
public final class StructuredRigL extends SparsityAlgorithm {
  private final Options options;

  /**
   * Which neurons are ablated.
   *
   * @param gammaSal γ_sal: a neuron is ablated with fewer salient weights than this fraction of k,
   *     the fan-in if none is; in [0, 1], 0 ablates none. The paper has 0.3 for convolutional
   *     networks, 0.95 for vision transformers
   */
  public record Options(@Default("0.3") double gammaSal) {
    public Options {
      if (!(gammaSal >= 0 && gammaSal <= 1)) {
        throw new IllegalArgumentException("gamma_sal must lie in [0, 1], found " + gammaSal);
      }
    }
  }

  /** The first mask has a constant fan-in as well. */
  StructuredRigL(AlgorithmSettings settings, Options options) {
    super(settings.withShaper(byNeuron(settings.shaper())));
    this.options = options;
  }

  /** A builder with these options and nothing else chosen yet. */
  public static AlgorithmBuilder<StructuredRigL> builder(Options options) {
    return new AlgorithmBuilder<>(settings -> new StructuredRigL(settings, options));
  }

  /**
   * The settings of the paper for a run, see {@link Recipe}; the builder may change them.
   *
   * @param steps of the whole run
   * @param sparsity at its end, a fraction in (0, 1)
   */
  public static AlgorithmBuilder<StructuredRigL> recipe(long steps, double sparsity) {
    return Recipe.of("srigl", steps, sparsity).applyTo(builder(new Options(0.3)));
  }

  private static ScoreShaper byNeuron(ScoreShaper given) {
    return (name, shape) -> {
      SelectionGroups asked = given.group(name, shape);
      if (asked.groups() != 1 || asked.pooled()) {
        throw new IllegalArgumentException(
            "'%s': srigl makes outputs equal by itself, so weights cannot be in groups or blocks"
                .formatted(name));
      }
      return ScoreShaper.outputGroups(shape[0]).group(name, shape);
    };
  }

  /** The gradient of weights that do not exist, as in RigL. */
  @Override
  public Evidence evidence() {
    return Evidence.gradient();
  }

  /** Step 1: prune where |θ| is smallest. */
  @Override
  public Tensor dropScore(WeightView weight) {
    return weight.values().abs();
  }

  /** Step 1: grow where |∇L| is largest. */
  @Override
  public Tensor growScore(WeightView weight) {
    return weight.gradient().abs();
  }

  @Override
  public Optional<MaskChoice> maskChoice() {
    return Optional.of(this::constantFanIn);
  }

  private Tensor constantFanIn(WeightView weight, double sparsity, TieBreak ties) {
    Tensor mask = weight.mask();
    SelectionGroups layer = ScoreShaper.flat().group(weight.name(), Tensors.shape(mask));
    SelectionGroups neurons = settings().shaper().group(weight.name(), Tensors.shape(mask));
    long kept = Counting.kept(layer.size(), sparsity);
    Tensor magnitude = dropScore(weight);
    Tensor gradient = growScore(weight);

    // Steps 2 and 3: salient is what RigL would keep, and what it would grow in the layer.
    double dropFraction = dropFraction(weight.step());
    Tensor left = Masks.dropMinimum(magnitude, mask, dropFraction, sparsity, layer, ties);
    Tensor salient = Masks.growMaximum(gradient, left, sparsity, layer, ties);

    // Steps 4 and 5: the neurons that stay active, and their fan-in k'.
    Tensor active = active(neurons.arrange(salient), kept, ties);
    long fanIn = kept / Masks.count(active);
    Tensor open = neurons.restore(active.unsqueeze(1).expand(neurons.groups(), neurons.size()));

    // Step 6: as many stay in the layer as the drop leaves; ablated weights are the first to go.
    double stay = Counting.sparsity(layer.size(), Masks.count(left));
    left = Masks.dropMinimum(magnitude, mask.logical_and(open), 0, stay, layer, ties);

    // Step 7: each active neuron grows until it has k' weights; where more are left, it drops some.
    double ofNeuron = Counting.sparsity(neurons.size(), fanIn);
    left = Masks.dropMinimum(magnitude, left, 0, ofNeuron, neurons, ties);
    return Masks.growMaximum(gradient, left, ofNeuron, neurons, ties).logical_and(open);
  }

  /**
   * Which neurons are not ablated: those with at least γ_sal·k salient weights, and however few
   * these are, enough of the most salient to hold all weights of the layer.
   *
   * @param salient bool [neurons, inputs]
   * @param kept weights of the layer; k is their number over that of all neurons
   * @return bool [neurons]
   */
  private Tensor active(Tensor salient, long kept, TieBreak ties) {
    long neurons = salient.size(0);
    long fanIn = kept / neurons;
    long least = fanIn - Counting.afterDrop(fanIn, options.gammaSal); // γ_sal·k, rounded up
    Tensor counts = salient.sum(1);
    Tensor hold = counts.ge(new Scalar(options.gammaSal > 0 ? Math.max(1, least) : 0));
    long enough = Math.min(neurons, kept / salient.size(1) + 1);
    return hold.logical_or(Masks.topCount(counts.to(ScalarType.Float), enough, ties));
  }
}
