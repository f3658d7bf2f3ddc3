package dev.filigree.sparsity;

import dev.filigree.config.ConfigReader;
import dev.filigree.nn.Linear;
import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.torch.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a model sparse by wrapping its optimizer.
 *
 * <pre>{@code
 * var sparsity = RigL.builder().sparsity(0.8).dropFraction(cosine(0.5, 3000)).update(every(100).until(3000)).build();
 * optimizer = Sparsity.wrap(model, optimizer, sparsity);
 * }</pre>
 */
public final class Sparsity {
  private static final Logger LOG = LoggerFactory.getLogger(Sparsity.class);

  /** The parameters that are sparse now, by identity: making one sparse twice is an error. */
  private static final Map<Long, SparseParameter> SPARSE = new HashMap<>();

  private Sparsity() {}

  /** Makes the parameters that are sparse by default follow one algorithm. */
  public static SparseOptimizer wrap(
      Module model, Optimizer optimizer, SparsityAlgorithm algorithm) {
    return wrap(model, optimizer, AlgorithmGroup.of(algorithm), SparsityOptions.defaults());
  }

  /** Makes parameters sparse as a group of algorithms says. */
  public static SparseOptimizer wrap(
      Module model, Optimizer optimizer, AlgorithmGroup group, SparsityOptions options) {
    var models = new LinkedHashMap<String, Module>();
    models.put("", model);
    return wrap(models, optimizer, group, options);
  }

  /** Makes parameters sparse as a {@code sparsity:} block says. */
  public static SparseOptimizer wrap(
      Module model, Optimizer optimizer, SparsityConfig config, SparsityOptions options) {
    return config.locating(() -> wrap(model, optimizer, config.build(), options));
  }

  /** Makes parameters sparse as a YAML file says, whose root is a {@code sparsity:} block. */
  public static SparseOptimizer fromYaml(Path file, Module model, Optimizer optimizer) {
    var config = SparsityConfig.read(ConfigReader.read(file));
    return wrap(model, optimizer, config, SparsityOptions.defaults());
  }

  /**
   * Makes parameters of several modules sparse.
   *
   * @param models the modules by name, in the order in which their parameters count; a parameter is
   *     called "module.parameter", so that two modules with equal names inside do not collide
   * @param optimizer updates (at least) the parameters that become sparse
   * @param group the algorithms and their filters
   * @param options seed, execution and further names
   * @throws UnmatchedFilterException for a filter that matches nothing
   * @throws IllegalStateException for a parameter that is sparse already
   * @throws IllegalArgumentException for a parameter that the optimizer does not update, or whose
   *     shape the groups of its algorithm do not divide; nothing has changed then
   */
  public static SparseOptimizer wrap(
      SequencedMap<String, Module> models,
      Optimizer optimizer,
      AlgorithmGroup group,
      SparsityOptions options) {
    Map<String, Tensor> candidates = trainable(models);
    var shapes = new LinkedHashMap<String, long[]>();
    candidates.forEach((name, weight) -> shapes.put(name, Tensors.shape(weight)));
    List<List<String>> assigned = group.assign(shapes, options.otherNames());
    for (int i = 0; i < assigned.size(); i++) {
      AlgorithmSettings settings = group.entries().get(i).algorithm().settings();
      for (String name : assigned.get(i)) {
        settings.shaper().group(name, Objects.requireNonNull(shapes.get(name)));
      }
    }

    var updated = new HashSet<Long>();
    optimizer.groups().forEach(g -> g.parameters().forEach(p -> updated.add(Tensors.identity(p))));
    for (List<String> names : assigned) {
      for (String name : names) {
        requireFree(name, of(candidates, name), updated);
      }
    }
    var executions = new ExecutionChoice(models.values(), optimizer, options);
    var made = new ArrayList<SparseParameter>();
    try {
      var groups = new ArrayList<SparseGroup>();
      for (int i = 0; i < assigned.size(); i++) {
        SparsityAlgorithm algorithm = group.entries().get(i).algorithm();
        var parameters = new ArrayList<SparseParameter>();
        for (String name : assigned.get(i)) {
          Tensor weight = of(candidates, name);
          ExecutionPlan plan = executions.choose(name, weight, algorithm);
          parameters.add(
              noted(
                  new SparseParameter(
                      name,
                      weight,
                      plan,
                      executions.layer(weight) instanceof Linear linear ? linear : null,
                      algorithm.evidence(),
                      options.exchange())));
          made.add(parameters.getLast());
        }
        groups.add(new SparseGroup(algorithm, parameters, options.microBatches() > 1));
      }
      if (options.values().isEmpty()) {
        made.forEach(SparseParameter::warnIfZero);
      }
      var sparse = new SparseOptimizer(optimizer, groups, executions, options);
      LOG.info("{}", sparse);
      return sparse;
    } catch (RuntimeException e) {
      made.forEach(each -> forget(each, parameter -> parameter.release(optimizer)));
      executions.close();
      throw e;
    }
  }

  /** Trainable parameters by name; one that is tied to another counts once, by its first name. */
  private static Map<String, Tensor> trainable(Map<String, Module> models) {
    var parameters = new LinkedHashMap<String, Tensor>();
    var seen = new HashSet<Long>();
    models.forEach(
        (prefix, model) ->
            Tensors.namedParameters(model)
                .forEach(
                    (name, weight) -> {
                      if (weight.requires_grad() && seen.add(Tensors.identity(weight))) {
                        parameters.put(prefix.isEmpty() ? name : prefix + "." + name, weight);
                      }
                    }));
    return parameters;
  }

  private static Tensor of(Map<String, Tensor> candidates, String name) {
    return Objects.requireNonNull(candidates.get(name), name);
  }

  private static void requireFree(String name, Tensor weight, java.util.Set<Long> updated) {
    long identity = Tensors.identity(weight);
    synchronized (SPARSE) {
      if (SPARSE.containsKey(identity)) {
        throw new IllegalStateException(
            "'" + name + "' is sparse already; close the optimizer that made it so first");
      }
    }
    if (!updated.contains(identity)) {
      throw new IllegalArgumentException(
          "'" + name + "' would be sparse, but the optimizer does not update it");
    }
  }

  private static SparseParameter noted(SparseParameter parameter) {
    synchronized (SPARSE) {
      SPARSE.put(Tensors.identity(parameter.weight()), parameter);
    }
    return parameter;
  }

  /** Ends a parameter that is no longer sparse. */
  static void forget(SparseParameter parameter, Consumer<SparseParameter> end) {
    synchronized (SPARSE) {
      SPARSE.remove(Tensors.identity(parameter.weight()));
    }
    end.accept(parameter);
  }
}
