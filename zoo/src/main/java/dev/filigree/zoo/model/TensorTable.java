package dev.filigree.zoo.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Collects the tensors of a Hugging Face checkpoint while they are listed. */
final class TensorTable {
  private final Map<String, List<Long>> shapes = new LinkedHashMap<>();
  private final List<HuggingFaceTensor> tensors = new ArrayList<>();

  TensorTable(List<ParameterSpec> parameters) {
    parameters.forEach(spec -> shapes.put(spec.name(), spec.shape()));
  }

  /** A parameter under its own name. */
  void same(String name) {
    tensors.add(HuggingFaceTensor.same(name, shape(name)));
  }

  /** A linear layer whose weight is stored as [in, out]; without a bias, zeros are stored. */
  void transposed(String layer) {
    packed(layer, layer, List.of(""));
  }

  /**
   * Linear layers of equal shape stored side by side as [in, parts · out], biases as [parts · out].
   *
   * @param layer the name of the layer in the checkpoint
   * @param ours the names of our layers, with %s for the part
   */
  void packed(String layer, String ours, List<String> parts) {
    List<String> weights = parts.stream().map(part -> ours.formatted(part) + ".weight").toList();
    List<String> biases = parts.stream().map(part -> ours.formatted(part) + ".bias").toList();
    List<Long> shape = shape(weights.getFirst());
    long out = shape.getFirst() * parts.size();
    tensors.add(
        new HuggingFaceTensor(
            layer + ".weight",
            List.of(shape.getLast(), out),
            weights,
            new Layout.Concatenated(parts.size())));
    tensors.add(
        shapes.containsKey(biases.getFirst())
            ? new HuggingFaceTensor(
                layer + ".bias", List.of(out), biases, new Layout.Concatenated(parts.size()))
            : new HuggingFaceTensor(
                layer + ".bias", List.of(out), List.of(), new Layout.Zeros(out)));
  }

  /** The query, key and value of each head together. */
  void byHead(String layer, String ours, List<String> parts, long heads, boolean bias) {
    for (String kind : bias ? List.of(".weight", ".bias") : List.of(".weight")) {
      List<String> names = parts.stream().map(part -> ours.formatted(part) + kind).toList();
      var shape = new ArrayList<>(shape(names.getFirst()));
      shape.set(0, shape.getFirst() * parts.size());
      tensors.add(new HuggingFaceTensor(layer + kind, shape, names, new Layout.ByHead(heads)));
    }
  }

  List<HuggingFaceTensor> tensors() {
    return List.copyOf(tensors);
  }

  private List<Long> shape(String name) {
    return Objects.requireNonNull(shapes.get(name), name);
  }
}
