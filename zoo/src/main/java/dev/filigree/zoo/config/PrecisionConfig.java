package dev.filigree.zoo.config;

import static dev.filigree.config.InvalidValue.requirePositive;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigScalar;
import dev.filigree.config.InvalidValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * The block {@code precision}: the type that matrix products compute in, the loss scale, and
 * gradient clipping.
 *
 * @param type of the forward pass; weights and optimizer state are float32 always
 * @param lossScaling how the loss is scaled so that small gradients survive a 16-bit type
 * @param maxGradientNorm gradients are scaled down to this norm over all parameters; null for no
 *     clipping
 * @param maxGradientValue gradients are clamped to ± this; null for no clipping
 */
public record PrecisionConfig(
    Type type,
    LossScaling lossScaling,
    @Nullable Double maxGradientNorm,
    @Nullable Double maxGradientValue) {

  /** What matrix products compute in. */
  public enum Type {
    /** 32-bit floats: no autocast. */
    FLOAT32("float32", ScalarType.Float),
    /** 16 bits with the range of float32 and 8 bits of precision. */
    BFLOAT16("bfloat16", ScalarType.BFloat16),
    /** 16 bits with 11 bits of precision, largest value 65,504: wants a loss scale. */
    FLOAT16("float16", ScalarType.Half);

    private final String key;

    @SuppressWarnings("ImmutableEnumChecker") // one of libtorch's constants
    private final ScalarType elements;

    Type(String key, ScalarType elements) {
      this.key = key;
      this.elements = elements;
    }

    /** libtorch's name for it. */
    public ScalarType elements() {
      return elements;
    }
  }

  /** The factor on the loss before the backward pass. */
  public sealed interface LossScaling {
    /** No factor. */
    record None() implements LossScaling {}

    /** The same factor always. */
    record Fixed(double scale) implements LossScaling {
      /**
       * @throws dev.filigree.config.InvalidValue for a scale that is not above 0
       */
      public Fixed {
        requirePositive("loss_scaling_factor", scale);
      }
    }

    /** Doubled after so many steps without an overflow, halved at one. */
    record Dynamic(double initial, long stepsPerIncrease) implements LossScaling {
      /**
       * @throws dev.filigree.config.InvalidValue for a scale or a number of steps that is not above
       *     0
       */
      public Dynamic {
        requirePositive("initial_loss_scale", initial);
        requirePositive("steps_per_increase", stepsPerIncrease);
      }
    }
  }

  /**
   * @throws dev.filigree.config.InvalidValue for a limit that is not above 0, two limits, or a loss
   *     scale in float32
   */
  public PrecisionConfig {
    requirePositive("max_gradient_norm", maxGradientNorm);
    requirePositive("max_gradient_value", maxGradientValue);
    if (maxGradientNorm != null && maxGradientValue != null) {
      throw new InvalidValue("max_gradient_value", "clip by norm or by value, not both");
    }
    if (type == Type.FLOAT32 && !(lossScaling instanceof LossScaling.None)) {
      throw new InvalidValue("loss_scaling_factor", "float32 needs no loss scale");
    }
  }

  static PrecisionConfig read(ConfigMap block, List<String> notes) {
    ConfigBlocks.leaveOut(
        block,
        Map.of(
            "precision_opt_level", "left out: only Cerebras hardware has it",
            "min_loss_scale", "left out: the loss scale halves as often as it must",
            "max_loss_scale", "left out: the loss scale grows as far as float32 goes",
            "log_loss_scale", "left out: a changed loss scale shows as a skipped step"),
        notes);
    Optional<ConfigNode> name = block.get("fp16_type");
    boolean mixed = block.flag("enabled", name.isPresent());
    Type named = type(name, notes);
    Type type = mixed ? named : Type.FLOAT32;
    LossScaling scaling = lossScaling(block, type, notes);
    PrecisionConfig config =
        block.build(
            () ->
                new PrecisionConfig(
                    type,
                    scaling,
                    block.get("max_gradient_norm").map(ConfigNode::asDouble).orElse(null),
                    block.get("max_gradient_value").map(ConfigNode::asDouble).orElse(null)));
    block.rejectUnknown();
    return config;
  }

  private static Type type(Optional<ConfigNode> name, List<String> notes) {
    if (name.isEmpty()) {
      return Type.BFLOAT16;
    }
    return switch (name.get().asString()) {
      case "bfloat16" -> Type.BFLOAT16;
      case "float16" -> Type.FLOAT16;
      case "cbfloat16" -> {
        notes.add(name.get().note("cbfloat16 is Cerebras hardware's: bfloat16 instead"));
        yield Type.BFLOAT16;
      }
      default -> throw name.get().error("allowed: bfloat16, float16; found " + name.get().kind());
    };
  }

  private static LossScaling lossScaling(ConfigMap block, Type type, List<String> notes) {
    Optional<ConfigNode> factor = block.get("loss_scaling_factor");
    double initial = block.number("initial_loss_scale", 65536);
    long increase = block.integer("steps_per_increase", 2000);
    boolean dynamic =
        factor.isPresent()
            && factor.get() instanceof ConfigScalar scalar
            && "dynamic".equals(scalar.value());
    if (!dynamic) {
      for (String key : List.of("initial_loss_scale", "steps_per_increase")) {
        block.note(key, "without effect: loss_scaling_factor is not dynamic", notes);
      }
    }
    if (type != Type.FLOAT16) {
      factor
          .filter(node -> dynamic || node.asDouble() != 1)
          .ifPresent(
              node ->
                  notes.add(
                      node.note(
                          type == Type.BFLOAT16
                              ? "bfloat16 has float32's range and needs no loss scale"
                              : "float32 needs no loss scale")));
      return new LossScaling.None();
    }
    if (dynamic) {
      return block.build(() -> new LossScaling.Dynamic(initial, increase));
    }
    double scale = factor.map(ConfigNode::asDouble).orElse(1.0);
    return scale == 1 ? new LossScaling.None() : block.build(() -> new LossScaling.Fixed(scale));
  }

  Map<String, Object> toConfig() {
    var block = new LinkedHashMap<String, Object>();
    block.put("enabled", type != Type.FLOAT32);
    if (type != Type.FLOAT32) {
      block.put("fp16_type", type.key);
    }
    switch (lossScaling) {
      case LossScaling.None() -> {}
      case LossScaling.Fixed(double scale) -> block.put("loss_scaling_factor", scale);
      case LossScaling.Dynamic(double initial, long increase) -> {
        block.put("loss_scaling_factor", "dynamic");
        block.put("initial_loss_scale", initial);
        block.put("steps_per_increase", increase);
      }
    }
    if (maxGradientNorm != null) {
      block.put("max_gradient_norm", maxGradientNorm);
    }
    if (maxGradientValue != null) {
      block.put("max_gradient_value", maxGradientValue);
    }
    return block;
  }
}
