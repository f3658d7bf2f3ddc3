package dev.filigree.optim;

import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The state of an optimizer as tensors named {@code parameter/state}, {@code
 * layers.0.weight/exp_avg} for instance, and back: what a checkpoint holds. Learning rates and
 * weight decays are not part of it: they come from the configuration and its schedules.
 *
 * <p>State that follows a compressed weight is dense here, of the weight's own shape and zero where
 * no weight exists ({@link Optimizer#layout}).
 */
public final class OptimizerStates {
  private OptimizerStates() {}

  /**
   * The state tensors of all parameters by name, live unless they had to be made dense. The next
   * step changes them: write or copy them before.
   *
   * @param parameters every parameter of the optimizer by name
   * @throws IllegalArgumentException when a parameter of the optimizer has no name
   */
  public static Map<String, Tensor> save(Optimizer optimizer, Map<String, Tensor> parameters) {
    requireNames(optimizer, parameters);
    var saved = new LinkedHashMap<String, Tensor>();
    parameters.forEach(
        (name, parameter) -> {
          long[] stored = Tensors.shape(parameter);
          ParameterLayout layout = optimizer.layout(parameter);
          optimizer
              .state(parameter)
              .forEach(
                  (key, tensor) ->
                      saved.put(
                          name + "/" + key,
                          Arrays.equals(Tensors.shape(tensor), stored)
                              ? layout.toDense(tensor)
                              : tensor));
        });
    return saved;
  }

  /**
   * Replaces the whole state of an optimizer by a saved one. The tensors are copied, to the type
   * and device of their parameter; scalars stay as they are.
   *
   * @param parameters every parameter of the optimizer by name
   * @param saved what {@link #save} gave
   * @return the names of the parameters without saved state: those that never had a gradient
   * @throws IllegalArgumentException when a name is unknown, a shape does not fit its parameter or
   *     a parameter lacks a tensor that others have; the optimizer is unchanged then
   */
  public static List<String> load(
      Optimizer optimizer, Map<String, Tensor> parameters, Map<String, Tensor> saved) {
    requireNames(optimizer, parameters);
    var byParameter = new LinkedHashMap<String, Map<String, Tensor>>();
    parameters.keySet().forEach(name -> byParameter.put(name, new LinkedHashMap<>()));
    saved.forEach((name, tensor) -> sort(name, tensor, optimizer, parameters, byParameter));
    requireComplete(parameters, byParameter);

    var without = new ArrayList<String>();
    parameters.forEach(
        (name, parameter) -> {
          Map<String, Tensor> tensors = byParameter.getOrDefault(name, Map.of());
          Map<String, Tensor> state = optimizer.state(parameter);
          state.clear();
          ParameterLayout layout = optimizer.layout(parameter);
          tensors.forEach((key, tensor) -> state.put(key, stored(tensor, parameter, layout)));
          if (tensors.isEmpty()) {
            without.add(name);
          }
        });
    return without;
  }

  private static void sort(
      String name,
      Tensor tensor,
      Optimizer optimizer,
      Map<String, Tensor> parameters,
      Map<String, Map<String, Tensor>> byParameter) {
    int slash = name.lastIndexOf('/');
    String owner = name.substring(0, Math.max(slash, 0));
    Tensor parameter = parameters.get(owner);
    Map<String, Tensor> tensors = byParameter.get(owner);
    if (parameter == null || tensors == null) {
      throw new IllegalArgumentException(
          "optimizer state " + name + " belongs to no parameter of the optimizer");
    }
    long[] shape = Tensors.shape(tensor);
    long[] expected = optimizer.layout(parameter).shape();
    if (!fits(shape, expected)) {
      throw new IllegalArgumentException(
          "optimizer state "
              + name
              + " has the shape "
              + Arrays.toString(shape)
              + ", its parameter "
              + Arrays.toString(expected));
    }
    tensors.put(name.substring(slash + 1), tensor);
  }

  /**
   * Whether state of a shape can belong to a parameter: a scalar, the parameter's shape, or that
   * with some dimensions reduced to 1 (factors).
   */
  public static boolean fits(long[] shape, long[] expected) {
    if (shape.length == 0) {
      return true;
    }
    boolean fits = shape.length == expected.length;
    for (int i = 0; fits && i < shape.length; i++) {
      fits = shape[i] == expected[i] || shape[i] == 1;
    }
    return fits;
  }

  /** Parameters with state have the same tensors; vectors and matrices may differ (Adafactor). */
  private static void requireComplete(
      Map<String, Tensor> parameters, Map<String, Map<String, Tensor>> byParameter) {
    for (boolean matrices : new boolean[] {false, true}) {
      var all = new TreeSet<String>();
      var some = new LinkedHashMap<String, Map<String, Tensor>>();
      parameters.forEach(
          (name, parameter) -> {
            Map<String, Tensor> tensors = byParameter.getOrDefault(name, Map.of());
            if (!tensors.isEmpty() && (parameter.dim() > 1) == matrices) {
              all.addAll(tensors.keySet());
              all.remove(WeightAges.NAME); // of sparse parameters only
              some.put(name, tensors);
            }
          });
      some.forEach(
          (name, tensors) -> {
            var missing = new TreeSet<>(all);
            missing.removeAll(tensors.keySet());
            if (!missing.isEmpty()) {
              throw new IllegalArgumentException(
                  "the saved optimizer state of " + name + " lacks " + missing);
            }
          });
    }
  }

  private static void requireNames(Optimizer optimizer, Map<String, Tensor> parameters) {
    var named = new HashSet<Long>();
    parameters.values().forEach(parameter -> named.add(Tensors.identity(parameter)));
    for (ParameterGroup group : optimizer.groups()) {
      for (Tensor parameter : group.parameters()) {
        if (!named.contains(Tensors.identity(parameter))) {
          throw new IllegalArgumentException(
              "a parameter of the optimizer has no name, one of shape "
                  + Arrays.toString(Tensors.shape(parameter)));
        }
      }
    }
  }

  private static Tensor stored(Tensor saved, Tensor parameter, ParameterLayout layout) {
    Tensor copy = copy(saved, parameter);
    return Arrays.equals(Tensors.shape(copy), layout.shape()) ? layout.fromDense(copy) : copy;
  }

  private static Tensor copy(Tensor saved, Tensor parameter) {
    if (saved.dim() == 0) {
      return saved.clone();
    }
    ScalarType type =
        saved.is_floating_point() ? Tensors.type(parameter) : Tensors.type(saved); // counts stay
    return saved.to(parameter.device(), type, false, true, new MemoryFormatOptional());
  }
}
