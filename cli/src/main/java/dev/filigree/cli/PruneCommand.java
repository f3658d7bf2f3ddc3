package dev.filigree.cli;

import dev.filigree.io.Json;
import dev.filigree.sparsity.oneshot.OneShotAlgorithm;
import dev.filigree.sparsity.oneshot.OneShotAlgorithms;
import dev.filigree.sparsity.oneshot.PruningTarget;
import dev.filigree.sparsity.oneshot.SparseGpt;
import dev.filigree.zoo.model.ParameterSpec;
import dev.filigree.zoo.prune.OneShotPruning;
import dev.filigree.zoo.prune.PrunedLayer;
import dev.filigree.zoo.prune.PrunedNetwork;
import dev.filigree.zoo.report.Figures;
import dev.filigree.zoo.train.checkpoint.PrunedCheckpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prunes a trained network in one shot. */
@Command(
    name = "prune",
    description = "Prunes a trained network in one shot: magnitude, Wanda or SparseGPT.",
    footer = {
      "",
      "Examples:",
      "  filigree prune runs/first --algorithm wanda --sparsity 0.5 --to pruned",
      "  filigree prune llama --algorithm sparsegpt --pattern 2:4 --data c4 --to llama24"
    })
final class PruneCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "RUN_DIR|CHECKPOINT|HF_DIR",
      description = "The network to prune; it stays as it is.")
  private Path path;

  @Option(
      names = "--algorithm",
      required = true,
      paramLabel = "NAME",
      completionCandidates = AlgorithmNames.class,
      description = "What decides which weights go: ${COMPLETION-CANDIDATES}.")
  private String algorithm;

  @Option(
      names = "--sparsity",
      paramLabel = "FRACTION",
      description = "The fraction of each layer's weights that goes, in [0, 1).")
  private @Nullable Double sparsity;

  @Option(
      names = "--pattern",
      paramLabel = "N:M",
      description = "Keep the best N of each M consecutive inputs, such as 2:4.")
  private @Nullable String pattern;

  @Option(
      names = "--data",
      paramLabel = "PATH",
      description =
          "What to calibrate with: a text, or a folder of texts or prepared tokens. Default: the"
              + " data that the network was trained on.")
  private @Nullable Path data;

  @Option(
      names = "--samples",
      paramLabel = "N",
      defaultValue = "128",
      description = "Sequences to calibrate with. Default: ${DEFAULT-VALUE}.")
  private int samples;

  @Option(
      names = "--length",
      paramLabel = "N",
      description = "Tokens of a sequence. Default: the network's context, at most 2,048.")
  private @Nullable Integer length;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Decides which sequences are drawn. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--damping",
      paramLabel = "FRACTION",
      description = "For sparsegpt: added to the Hessian's diagonal. Default: 0.01 of its mean.")
  private @Nullable Double damping;

  @Option(
      names = "--validation",
      paramLabel = "PATH",
      description =
          "A text, or a folder of texts, to measure the loss on before and after. Default: the"
              + " run's validation data, where it has some.")
  private @Nullable Path validation;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "DIR",
      description = "The checkpoint to write; a folder that is there is refused.")
  private Path to;

  @Option(names = "--json", description = "Print the figures as JSON.")
  private boolean json;

  /** For the help. */
  static final class AlgorithmNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return OneShotAlgorithms.names().iterator();
    }
  }

  @Override
  public Integer call() throws IOException {
    OneShotAlgorithm chosen = algorithm();
    PruningTarget target = target();
    PrunedCheckpoint.requireFree(to);
    if (validation != null && !Files.exists(validation)) {
      throw new UsageException(validation + ": no such file; give a text or a folder of texts");
    }
    TrainedNetwork network = TrainedNetwork.open(path);
    network.notes().forEach(note -> spec.commandLine().getErr().println("note: " + note));
    Optional<CalibrationSamples> calibration =
        chosen.needsInputs() || data != null
            ? Optional.of(CalibrationSamples.draw(network, data, samples, length, seed))
            : Optional.empty();
    calibration.ifPresent(this::noteFewer);
    var figures = new LinkedHashMap<String, Object>();
    figures.put("from", network.directory().toString());
    figures.put("algorithm", algorithm.toLowerCase(Locale.ROOT));
    figures.put("target_sparsity", target.sparsity());
    target.pattern().ifPresent(each -> figures.put("pattern", each.toString()));
    calibration.ifPresent(each -> figures.put("calibration", each.toMap(seed)));
    Map<String, Object> before = losses(network);
    PrunedNetwork pruned = prune(network, chosen, target, calibration);
    Map<String, Object> after = losses(network);
    figures.put("sparsity", pruned.sparsity());
    figures.put("layers", pruned.layers().stream().map(PrunedLayer::toMap).toList());
    if (!after.isEmpty()) {
      figures.put("before", before);
      figures.put("after", after);
    }
    PrunedCheckpoint.write(
        to, network.model(), pruned.masks(), network.directory(), network.tokenizer(), figures);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      figures.put("to", to.toString());
      out.println(Json.indented(figures));
    } else {
      out.printf(
          "%d layers, %s sparse%n", pruned.layers().size(), Figures.percent(pruned.sparsity()));
      after.forEach((name, result) -> print(out, name, before.get(name), result));
      out.println("Wrote " + to);
    }
    return 0;
  }

  private OneShotAlgorithm algorithm() {
    try {
      OneShotAlgorithm named = OneShotAlgorithms.get(algorithm);
      if (damping == null) {
        return named;
      }
      if (!(named instanceof SparseGpt paper)) {
        throw new UsageException("--damping is for --algorithm sparsegpt");
      }
      return new SparseGpt(paper.blockSize(), damping);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--algorithm: " + e.getMessage());
    }
  }

  private PruningTarget target() {
    if ((sparsity == null) == (pattern == null)) {
      throw new UsageException("give one of --sparsity FRACTION and --pattern N:M");
    }
    if (samples < 1 || (length != null && length < 1)) {
      throw new UsageException("--samples and --length must be 1 or more");
    }
    try {
      return sparsity != null
          ? PruningTarget.of(sparsity)
          : PruningTarget.of(PruningTarget.Pattern.of(Objects.requireNonNull(pattern)));
    } catch (IllegalArgumentException e) {
      throw new UsageException((pattern == null ? "--" : "--pattern: ") + e.getMessage());
    }
  }

  private void noteFewer(CalibrationSamples calibration) {
    if (calibration.tokens().size() < samples) {
      spec.commandLine()
          .getErr()
          .printf(
              "note: %s: only %d sequences of %d tokens, not %d%n",
              calibration.where(), calibration.tokens().size(), calibration.length(), samples);
    }
  }

  private PrunedNetwork prune(
      TrainedNetwork network,
      OneShotAlgorithm chosen,
      PruningTarget target,
      Optional<CalibrationSamples> calibration) {
    var pruning = new OneShotPruning(network.model(), chosen, target);
    if (!json) {
      PrintWriter out = spec.commandLine().getOut();
      int width =
          network.model().config().parameters().stream()
              .map(ParameterSpec::name)
              .mapToInt(String::length)
              .max()
              .orElse(0);
      var first = new AtomicBoolean(true);
      String row = "%-" + width + "s  %14s  %9s  %12s%n";
      pruning.listener(
          layer -> {
            if (first.getAndSet(false)) {
              out.printf(row, "layer", "kept", "sparsity", "output error");
            }
            out.printf(
                row,
                layer.name(),
                String.format(Locale.ROOT, "%,d", layer.kept()),
                Figures.percent(layer.sparsity()),
                layer.outputError().isPresent()
                    ? Figures.percent(layer.outputError().getAsDouble())
                    : "");
            out.flush();
          });
    }
    try {
      return calibration.isPresent()
          ? pruning.byInputs(calibration.get().tokens())
          : pruning.byWeights();
    } catch (IllegalArgumentException e) {
      throw new UsageException(network.directory() + ": " + e.getMessage());
    }
  }

  /** What the network is worth on validation data, by their names; empty where there are none. */
  private Map<String, Object> losses(TrainedNetwork network) throws IOException {
    if (validation != null) {
      return Losses.ofText(network.text(), validation, 0);
    }
    var results = new LinkedHashMap<String, Object>();
    if (network.config().isPresent()) {
      var config = network.config().get();
      for (var entry : config.validationData().entrySet()) {
        String name = entry.getKey().isEmpty() ? "validation" : entry.getKey();
        results.put(name, Losses.of(network.model(), entry.getValue(), config.loop().evalSteps()));
      }
    }
    return results;
  }

  private static void print(PrintWriter out, String name, @Nullable Object before, Object after) {
    if (before instanceof Map<?, ?> old && after instanceof Map<?, ?> now) {
      now.forEach(
          (key, value) -> {
            if (value instanceof Double figure && old.get(key) instanceof Double was) {
              boolean perplexity = key.equals("perplexity");
              out.printf(
                  "%s %s: %s before, %s after%n",
                  name,
                  String.valueOf(key).replace('_', ' '),
                  perplexity ? Figures.perplexity(was) : Figures.fixed(was, 4),
                  perplexity ? Figures.perplexity(figure) : Figures.fixed(figure, 4));
            }
          });
    }
  }
}
