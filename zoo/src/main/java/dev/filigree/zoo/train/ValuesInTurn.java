package dev.filigree.zoo.train;

import dev.filigree.torch.Tensors;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Gives the tensors of a network that has shapes only their values, each in its turn and once: a
 * large network is never whole and dense, neither on the device nor on the host.
 */
final class ValuesInTurn {
  private final Map<String, Tensor> tensors;
  private final Function<String, Tensor> values;
  private final Set<String> given = new HashSet<>();

  /**
   * @param tensors of the network, by name, where they will live
   * @param values makes the values of a tensor by its name
   */
  ValuesInTurn(Map<String, Tensor> tensors, Function<String, Tensor> values) {
    this.tensors = tensors;
    this.values = values;
  }

  /** Gives one tensor its values, as float32 in memory of its own. */
  void give(String name) {
    if (given.add(name)) {
      Tensor tensor = Objects.requireNonNull(tensors.get(name), name);
      Tensors.inScope(
          () ->
              tensor.set_data(
                  values.apply(name).to(tensor.device(), ScalarType.Float).contiguous()));
    }
  }

  /** Gives the remaining tensors their values. */
  void giveRest() {
    tensors.keySet().forEach(this::give);
  }
}
