package dev.filigree.zoo.model;

import dev.filigree.nn.Allocation;
import dev.filigree.nn.BatchNorm2d;
import dev.filigree.nn.Conv2d;
import dev.filigree.nn.Embedding;
import dev.filigree.nn.Initializer;
import dev.filigree.nn.Layer;
import dev.filigree.nn.LayerList;
import dev.filigree.nn.LayerNorm;
import dev.filigree.nn.Linear;
import dev.filigree.nn.RmsNorm;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * A part of a network, which says of each parameter that it registers what the Model Zoo calls it
 * and how it begins. Until they are initialized, weights of matrices are zero.
 */
abstract class Part extends Layer {
  /** What is known of a parameter beside its name and its shape. */
  record Origin(String modelZooName, Initializer initializer, double learningRateScale) {}

  private record Below(String name, String modelZooName, Part part) {}

  private final Map<String, Origin> own = new LinkedHashMap<>();
  private final List<Below> below = new ArrayList<>();
  private double learningRateScale = 1;

  /** What the learning rates of linear layers' weights that follow are multiplied by (muP). */
  final void learningRateScale(double value) {
    learningRateScale = value;
  }

  final Linear linear(
      String name, String modelZooName, Initializer weight, long in, long out, boolean bias) {
    weight(name, modelZooName, weight, learningRateScale);
    if (bias) {
      bias(name, modelZooName);
    }
    return register(name, Linear.zeros(in, out, bias));
  }

  final Embedding embedding(
      String name, String modelZooName, Initializer weight, long entries, long size) {
    weight(name, modelZooName, weight, 1);
    return register(name, Embedding.zeros(entries, size));
  }

  /** A convolution whose padding is given, and whose weight is named as a layer's. */
  final Conv2d convolution(
      String name,
      String modelZooName,
      Initializer weight,
      long in,
      long out,
      long kernel,
      long stride,
      long padding,
      boolean bias) {
    weight(name, modelZooName, weight, 1);
    if (bias) {
      bias(name, modelZooName);
    }
    return register(name, Conv2d.zeros(in, out, kernel, stride, padding, bias));
  }

  final RmsNorm rmsNorm(String name, String modelZooName, long size, double epsilon) {
    weight(name, modelZooName, Initializers.ONE, 1);
    return register(name, new RmsNorm(size, epsilon));
  }

  final LayerNorm layerNorm(String name, String modelZooName, long size, double epsilon) {
    weight(name, modelZooName, Initializers.ONE, 1);
    bias(name, modelZooName);
    return register(name, new LayerNorm(size, epsilon));
  }

  final BatchNorm2d batchNorm(String name, long channels) {
    weight(name, name, Initializers.ONE, 1);
    bias(name, name);
    return register(name, new BatchNorm2d(channels));
  }

  /** A parameter that is no layer's. */
  final Tensor parameter(String name, String modelZooName, Initializer initializer, long... shape) {
    own.put(name, new Origin(modelZooName, initializer, 1));
    return registerParameter(name, Allocation.zeros(shape));
  }

  /**
   * @param modelZooName empty where the Model Zoo has no such level
   */
  final <P extends Part> P part(String name, String modelZooName, P part) {
    below.add(new Below(name, modelZooName, part));
    return register(name, part);
  }

  /** A level of the names that computes nothing itself. */
  private static final class Level extends Part {}

  /** A level of the names, to register layers below. */
  final Part level(String name, String modelZooName) {
    return part(name, modelZooName, new Level());
  }

  /** Parts of one kind in order, named 0, 1, 2, ... below a name. */
  final <P extends Part> LayerList<P> parts(
      String name, String modelZooName, long count, IntFunction<P> part) {
    List<P> parts = IntStream.range(0, Math.toIntExact(count)).mapToObj(part).toList();
    for (int i = 0; i < parts.size(); i++) {
      below.add(new Below(name + "." + i, modelZooName + "." + i, parts.get(i)));
    }
    return register(name, new LayerList<>(parts));
  }

  private void weight(String layer, String modelZooLayer, Initializer initializer, double scale) {
    own.put(layer + ".weight", new Origin(modelZooLayer + ".weight", initializer, scale));
  }

  private void bias(String layer, String modelZooLayer) {
    own.put(layer + ".bias", new Origin(modelZooLayer + ".bias", Initializers.ZERO, 1));
  }

  /** The origin of every parameter that has one, by its name. */
  final Map<String, Origin> origins() {
    var all = new LinkedHashMap<String, Origin>();
    collect("", "", all);
    return all;
  }

  private void collect(String prefix, String modelZooPrefix, Map<String, Origin> all) {
    own.forEach(
        (name, origin) ->
            all.put(
                prefix + name,
                new Origin(
                    modelZooPrefix + origin.modelZooName,
                    origin.initializer,
                    origin.learningRateScale)));
    for (Below each : below) {
      String level = each.modelZooName.isEmpty() ? "" : each.modelZooName + ".";
      each.part.collect(prefix + each.name + ".", modelZooPrefix + level, all);
    }
  }
}
