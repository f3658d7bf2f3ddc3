package dev.filigree.cli;

import dev.filigree.io.Json;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.report.Figures;
import dev.filigree.zoo.train.checkpoint.Checkpoint;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What a checkpoint holds, layer by layer. */
@Command(
    name = "inspect",
    description = "Shows every layer of a checkpoint: shape, kept weights, sparsity, dead rows.",
    footer = {"", "Example:", "  filigree inspect runs/first"})
final class InspectCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "CHECKPOINT|RUN_DIR", description = "What to describe.")
  private Path path;

  @Option(names = "--json", description = "Print the layers as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    Checkpoint checkpoint = Inputs.checkpoint(path);
    Map<String, Tensor> masks = checkpoint.masks();
    var layers = new ArrayList<LayerStructure>();
    Tensors.namedParameters(checkpoint.loadModel())
        .forEach((name, weight) -> layers.add(LayerStructure.of(name, weight, masks.get(name))));
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      var all = new LinkedHashMap<String, Object>();
      all.put("checkpoint", checkpoint.directory().toString());
      checkpoint.step().ifPresent(step -> all.put("step", step));
      all.put("layers", layers.stream().map(LayerStructure::toMap).toList());
      out.println(Json.indented(all));
    } else {
      table(out, checkpoint, layers);
    }
    return 0;
  }

  private static void table(PrintWriter out, Checkpoint checkpoint, List<LayerStructure> layers) {
    out.println("checkpoint " + checkpoint.directory());
    int width = layers.stream().mapToInt(layer -> layer.name().length()).max().orElse(0);
    String row = "%-" + width + "s  %-14s %12s %9s %10s %10s %10s  %s%n";
    out.printf(row, "layer", "shape", "kept", "sparsity", "dead rows", "dead cols", "size", "mask");
    for (LayerStructure layer : layers) {
      out.printf(
          Locale.ROOT,
          row,
          layer.name(),
          layer.shape().stream().map(String::valueOf).collect(Collectors.joining(" × ")),
          String.format(Locale.ROOT, "%,d", layer.kept()),
          Figures.percent(layer.sparsity()),
          layer.deadRows(),
          layer.deadColumns(),
          Figures.bytes((double) layer.storedBytes()),
          layer.masked() ? "yes" : "no");
    }
    long kept = layers.stream().mapToLong(LayerStructure::kept).sum();
    long size = layers.stream().mapToLong(LayerStructure::size).sum();
    List<LayerStructure> masked = layers.stream().filter(LayerStructure::masked).toList();
    out.printf(
        Locale.ROOT,
        "%,d of %,d weights kept: %s sparse; %s as compressed, %s dense%n",
        kept,
        size,
        Figures.percent(1 - kept / (double) size),
        Figures.bytes((double) layers.stream().mapToLong(LayerStructure::storedBytes).sum()),
        Figures.bytes((double) layers.stream().mapToLong(LayerStructure::denseBytes).sum()));
    if (!masked.isEmpty()) {
      out.printf(
          Locale.ROOT,
          "masked layers take %.1f bytes a kept weight as compressed, position and value%n",
          masked.stream().mapToLong(LayerStructure::storedBytes).sum()
              / (double) Math.max(1, masked.stream().mapToLong(LayerStructure::kept).sum()));
    }
  }
}
