package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The frequencies of rotary position embeddings.
 *
 * @param theta the base of the geometric series of wavelengths
 * @param scaling how the series is stretched for contexts longer than those of pre-training
 */
public record RotaryConfig(double theta, Scaling scaling) {
  public RotaryConfig {
    if (!(theta > 0)) {
      throw new IllegalArgumentException("rope_theta must be positive, found " + theta);
    }
  }

  /** Stretches frequencies. */
  public sealed interface Scaling {}

  public record None() implements Scaling {}

  /** Position interpolation (Chen et al. 2023, arXiv:2306.15595): every wavelength × factor. */
  public record Linear(double factor) implements Scaling {
    public Linear {
      require(factor);
    }
  }

  /**
   * Llama 3.1's scaling: long wavelengths × factor, short ones as they are, a smooth passage
   * between.
   */
  public record Llama3(
      double factor, double lowFrequencyFactor, double highFrequencyFactor, long originalContext)
      implements Scaling {
    public Llama3 {
      require(factor);
      if (!(highFrequencyFactor > lowFrequencyFactor)) {
        throw new IllegalArgumentException(
            "high_freq_factor must be larger than low_freq_factor, found %s and %s"
                .formatted(highFrequencyFactor, lowFrequencyFactor));
      }
    }
  }

  private static void require(double factor) {
    if (!(factor >= 1)) {
      throw new IllegalArgumentException("the factor must be at least 1, found " + factor);
    }
  }

  /** Radians a position for each of the size/2 pairs of components. */
  public float[] frequencies(long size) {
    var frequencies = new float[Math.toIntExact(size / 2)];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = (float) scaled(1 / Math.pow(theta, 2.0 * i / size));
    }
    return frequencies;
  }

  private double scaled(double frequency) {
    return switch (scaling) {
      case None _ -> frequency;
      case Linear linear -> frequency / linear.factor;
      case Llama3 llama3 -> {
        double turns = llama3.originalContext * frequency / (2 * Math.PI);
        double smooth =
            (turns - llama3.lowFrequencyFactor)
                / (llama3.highFrequencyFactor - llama3.lowFrequencyFactor);
        double kept = Math.clamp(smooth, 0, 1);
        yield (1 - kept) * frequency / llama3.factor + kept * frequency;
      }
    };
  }

  /**
   * Reads Hugging Face's {@code rope_parameters}, or {@code rope_theta} and {@code rope_scaling} of
   * older files.
   */
  static RotaryConfig read(ConfigMap config) {
    ConfigMap parameters = parameters(config);
    double theta =
        parameters.number(
            "rope_theta",
            config.get("rope_theta", "rotary_emb_base").map(ConfigNode::asDouble).orElse(10_000.0));
    parameters.allow("partial_rotary_factor");
    RotaryConfig rotary = new RotaryConfig(theta, readScaling(parameters));
    parameters.rejectUnknown();
    return rotary;
  }

  /** The fraction of each head's components that rotate. */
  static double readPart(ConfigMap config, double fallback) {
    return parameters(config)
        .number("partial_rotary_factor", config.number("rotary_pct", fallback));
  }

  private static ConfigMap parameters(ConfigMap config) {
    config.allow("rope_parameters", "rope_scaling");
    return config.map(
        config.get("rope_parameters").isPresent() ? "rope_parameters" : "rope_scaling");
  }

  private static Scaling readScaling(ConfigMap parameters) {
    var typeNode = parameters.get("rope_type", "type");
    if (typeNode.isEmpty()) {
      return new None();
    }
    String type = typeNode.get().asString();
    return switch (type) {
      case "default" -> new None();
      case "linear" -> new Linear(parameters.number("factor"));
      case "llama3" ->
          new Llama3(
              parameters.number("factor"),
              parameters.number("low_freq_factor"),
              parameters.number("high_freq_factor"),
              parameters.integer("original_max_position_embeddings"));
      default ->
          throw typeNode
              .get()
              .error(
                  "rotary scaling '%s' is not supported; supported are default, linear, llama3"
                      .formatted(type));
    };
  }

  /**
   * Adds Hugging Face's keys, those of transformers before version 5 too: a reader that knows one
   * form only must not fall back to its defaults.
   *
   * @param part the fraction of each head's components that rotate
   */
  void put(Map<String, Object> config, double part) {
    var parameters = new LinkedHashMap<String, Object>();
    switch (scaling) {
      case None _ -> parameters.put("rope_type", "default");
      case Linear linear -> {
        parameters.put("rope_type", "linear");
        parameters.put("factor", linear.factor);
      }
      case Llama3 llama3 -> {
        parameters.put("rope_type", "llama3");
        parameters.put("factor", llama3.factor);
        parameters.put("low_freq_factor", llama3.lowFrequencyFactor);
        parameters.put("high_freq_factor", llama3.highFrequencyFactor);
        parameters.put("original_max_position_embeddings", llama3.originalContext);
      }
    }
    parameters.put("rope_theta", theta);
    if (part < 1) {
      parameters.put("partial_rotary_factor", part);
      config.put("rotary_pct", part);
      config.put("rotary_emb_base", theta);
    } else {
      config.put("rope_theta", theta);
    }
    if (!(scaling instanceof None)) {
      config.put("rope_scaling", parameters);
    }
    config.put("rope_parameters", parameters);
  }
}
