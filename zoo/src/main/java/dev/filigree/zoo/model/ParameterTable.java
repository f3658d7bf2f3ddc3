package dev.filigree.zoo.model;

import dev.filigree.nn.Initializer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Collects the parameters of a network while they are listed, layer by layer. */
final class ParameterTable {
  private final List<ParameterSpec> specs;
  private final String prefix;
  private final String modelZooPrefix;
  private final double learningRateScale;

  ParameterTable() {
    this(new ArrayList<>(), "", "", 1);
  }

  private ParameterTable(
      List<ParameterSpec> specs, String prefix, String modelZooPrefix, double learningRateScale) {
    this.specs = specs;
    this.prefix = prefix;
    this.modelZooPrefix = modelZooPrefix;
    this.learningRateScale = learningRateScale;
  }

  /** The same table; what is added gets the names of a layer in front of its own. */
  ParameterTable below(String layer, String modelZooLayer) {
    return new ParameterTable(
        specs, prefix + layer + ".", modelZooPrefix + modelZooLayer + ".", learningRateScale);
  }

  /** The same table; weights of linear layers that are added get this learning rate scale. */
  ParameterTable learningRateScale(double scale) {
    return new ParameterTable(specs, prefix, modelZooPrefix, scale);
  }

  void weight(String layer, String modelZooLayer, Initializer initializer, long... shape) {
    add(layer + ".weight", modelZooLayer + ".weight", initializer, learningRateScale, shape);
  }

  /** A parameter that is no layer's weight. */
  void parameter(String name, String modelZooName, Initializer initializer, long... shape) {
    add(name, modelZooName, initializer, 1, shape);
  }

  /** A linear layer. */
  void linear(
      String layer,
      String modelZooLayer,
      Initializer initializer,
      long out,
      long in,
      boolean bias) {
    weight(layer, modelZooLayer, initializer, out, in);
    if (bias) {
      bias(layer, modelZooLayer, out);
    }
  }

  /** A normalization layer. */
  void norm(String layer, String modelZooLayer, long size, boolean bias) {
    add(layer + ".weight", modelZooLayer + ".weight", Initializers.ONE, 1, size);
    if (bias) {
      bias(layer, modelZooLayer, size);
    }
  }

  private void bias(String layer, String modelZooLayer, long size) {
    add(layer + ".bias", modelZooLayer + ".bias", Initializers.ZERO, 1, size);
  }

  private void add(
      String name, String modelZooName, Initializer initializer, double scale, long... shape) {
    specs.add(
        new ParameterSpec(
            prefix + name,
            modelZooPrefix + modelZooName,
            Arrays.stream(shape).boxed().toList(),
            initializer,
            scale));
  }

  List<ParameterSpec> specs() {
    return List.copyOf(specs);
  }
}
