package dev.filigree.sparsity;

import dev.filigree.io.Json;
import dev.filigree.optim.ParameterGroup;
import dev.filigree.safetensors.ElementType;
import dev.filigree.safetensors.SafetensorsException;
import dev.filigree.safetensors.SafetensorsFile;
import dev.filigree.safetensors.SafetensorsWriter;
import dev.filigree.safetensors.TensorEntry;
import dev.filigree.safetensors.TensorSource;
import dev.filigree.torch.Tensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * Checkpoints of one's own training loop: all that decides the future of a sparse model and its
 * optimizer, so that a run that is read goes on as if it had never stopped.
 *
 * <pre>{@code
 * SparseCheckpoint.write(folder, model, sparse);
 * SparseCheckpoint.read(folder, model, sparse);
 * }</pre>
 *
 * <p>One safetensors file, {@value #NAME}, that any tool can read: parameters and buffers dense
 * under their names, zero where no weight exists; masks and optimizer state as in {@link
 * TrainingTensors}; the {@link SparseOptimizer#state} as text in its header. It is written aside,
 * synced and renamed: a killed program leaves the old checkpoint or the new one. What it means does
 * not depend on how the parameters are stored, masked or compressed.
 *
 * <p>Positions in the data, generators of random numbers, learning rates and a loss scale are the
 * loop's own.
 */
public final class SparseCheckpoint {
  /** The file in the folder. */
  public static final String NAME = "checkpoint.safetensors";

  private static final String FORMAT = "filigree sparse checkpoint 1";

  private SparseCheckpoint() {}

  /**
   * Writes a checkpoint, in the place of one that is there.
   *
   * @param folder is made where it is missing
   * @param model has all parameters of the optimizer, under the names that wrapping gave them
   * @throws IllegalArgumentException when the optimizer updates a parameter that the model has not
   * @throws SafetensorsException when the file cannot be written; an old one is untouched then
   */
  public static void write(Path folder, Module model, SparseOptimizer sparse) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      var sources = new ArrayList<TensorSource>();
      Tensors.namedParameters(model)
          .forEach((name, parameter) -> sources.add(dense(name, parameter, sparse)));
      Tensors.namedBuffers(model)
          .forEach((name, buffer) -> sources.add(TensorSource.of(name, buffer)));
      sources.addAll(new TrainingTensors(updated(model, sparse), sparse).sources());
      var header = new LinkedHashMap<String, String>();
      header.put("format", FORMAT);
      header.put("optimizer", sparse.inner().getClass().getSimpleName());
      header.put("state", Json.row(sparse.state()));
      Files.createDirectories(folder);
      SafetensorsWriter.write(folder.resolve(NAME), sources, header);
    } catch (IOException e) {
      throw new SafetensorsException(folder + ": cannot be made: " + e.getMessage());
    }
  }

  private static TensorSource dense(String name, Tensor parameter, SparseOptimizer sparse) {
    var layout = sparse.layout(parameter);
    return new TensorSource(
        name,
        ElementType.of(parameter),
        Arrays.stream(layout.shape()).boxed().toList(),
        () ->
            layout instanceof SparseParameter sparseParameter
                ? sparseParameter.dense()
                : parameter.detach());
  }

  /**
   * Puts a model and its optimizer where they were when the checkpoint was written.
   *
   * @param model of the same parameters and buffers
   * @param sparse wrapped with the same algorithms and seed around the same kind of optimizer; in
   *     any execution
   * @throws IllegalArgumentException when the checkpoint is not one of this model and optimizer
   * @throws SafetensorsException when the file is missing or damaged
   */
  public static void read(Path folder, Module model, SparseOptimizer sparse) {
    Path path = folder.resolve(NAME);
    try (SafetensorsFile file = SafetensorsFile.open(path);
        var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      Map<String, Tensor> tensors = Tensors.namedParameters(model);
      tensors.putAll(Tensors.namedBuffers(model));
      requireHeader(file, sparse);
      requireTensors(file, tensors, sparse);
      Map<String, Object> state = state(file);
      requireAlgorithms(state, sparse.state());
      sparse.load(state);
      var training = new TrainingTensors(updated(model, sparse), sparse);
      training.load(file);
      tensors.forEach(
          (name, tensor) -> {
            try (var _ = new PointerScope()) { // one dense tensor at a time
              tensor.detach().copy_(sparse.layout(tensor).fromDense(file.read(name)));
            }
          });
      training.loadStored(file);
      sparse.verify();
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new IllegalArgumentException(path + ": " + e.getMessage(), e);
    }
  }

  private static void requireHeader(SafetensorsFile file, SparseOptimizer sparse) {
    String format = file.metadata().getOrDefault("format", "none");
    if (!format.equals(FORMAT)) {
      throw new IllegalArgumentException(
          "has the format '" + format + "'; this program reads '" + FORMAT + "'");
    }
    String saved = file.metadata().getOrDefault("optimizer", "none");
    String here = sparse.inner().getClass().getSimpleName();
    if (!saved.equals(here)) {
      throw new IllegalArgumentException(
          "has the state of the optimizer " + saved + ", the one here is " + here);
    }
  }

  private static void requireAlgorithms(Map<String, Object> saved, Map<String, Object> here) {
    if (saved.get("groups") instanceof List<?> savedGroups
        && here.get("groups") instanceof List<?> groups
        && savedGroups.size() == groups.size()) {
      for (int i = 0; i < groups.size(); i++) {
        Object before = algorithm(savedGroups.get(i));
        Object now = algorithm(groups.get(i));
        if (!before.equals(now)) {
          throw new IllegalArgumentException(
              "saved with the algorithm " + before + ", configured with " + now);
        }
      }
    }
  }

  private static Object algorithm(Object group) {
    return group instanceof Map<?, ?> map && map.get("algorithm") instanceof String name
        ? name
        : "none";
  }

  private static void requireTensors(
      SafetensorsFile file, Map<String, Tensor> tensors, SparseOptimizer sparse) {
    for (TensorEntry entry : file.entries().values()) {
      if (!TrainingTensors.isOne(entry.name()) && !tensors.containsKey(entry.name())) {
        throw new IllegalArgumentException("has '" + entry.name() + "', which the model has not");
      }
    }
    tensors.forEach(
        (name, tensor) -> {
          TensorEntry entry = file.entries().get(name);
          if (entry == null) {
            throw new IllegalArgumentException("lacks '" + name + "', which the model has");
          }
          List<Long> shape = Arrays.stream(sparse.layout(tensor).shape()).boxed().toList();
          if (!entry.shape().equals(shape) || entry.type() != ElementType.of(tensor)) {
            throw new IllegalArgumentException(
                "has '%s' as %s of shape %s, the model as %s of shape %s"
                    .formatted(name, entry.type(), entry.shape(), ElementType.of(tensor), shape));
          }
        });
  }

  private static Map<String, Object> state(SafetensorsFile file) {
    try {
      return Json.readMap(
          file.metadata().getOrDefault("state", "").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new IllegalArgumentException("its state is no JSON", e);
    }
  }

  /** The parameters of the model that the optimizer updates, by name. */
  private static Map<String, Tensor> updated(Module model, SparseOptimizer sparse) {
    var names = Tensors.namedParameters(model).keySet();
    for (SparseParameter parameter : sparse.parameters()) {
      if (!names.contains(parameter.name())) {
        throw new IllegalArgumentException(
            "the model has no parameter '"
                + parameter.name()
                + "'; give a module in which all have the names that wrapping gave them");
      }
    }
    Set<Long> updated = new HashSet<>();
    for (ParameterGroup group : sparse.groups()) {
      group.parameters().forEach(parameter -> updated.add(Tensors.identity(parameter)));
    }
    // Those are the forward weights' own, which the sparse part saves.
    for (SparseParameter parameter : sparse.parameters()) {
      parameter
          .trainedForwardTensors()
          .values()
          .forEach(tensor -> updated.remove(Tensors.identity(tensor)));
    }
    var named = new LinkedHashMap<String, Tensor>();
    Set<Long> seen = new HashSet<>();
    Tensors.namedParameters(model)
        .forEach(
            (name, parameter) -> {
              long identity = Tensors.identity(parameter);
              if (updated.contains(identity) && seen.add(identity)) {
                named.put(name, parameter);
              }
            });
    if (seen.size() < updated.size()) {
      throw new IllegalArgumentException(
          "the optimizer updates %d parameters that the model has not"
              .formatted(updated.size() - seen.size()));
    }
    return named;
  }
}
