package dev.filigree.zoo.config;

import dev.filigree.config.ConfigList;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigScalar;
import dev.filigree.sparsity.Execution;
import dev.filigree.sparsity.SparsityConfig;
import dev.filigree.zoo.data.DataConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Reads the Model Zoo's layout into a {@link RunConfig}. */
final class RunConfigReader {
  static final List<String> ROOT_KEYS = List.of("trainer", "filigree");
  static final List<String> TRAINER_KEYS = List.of("init", "fit", "validate", "validate_all");
  static final List<String> INIT_KEYS =
      List.of(
          "autorestart",
          "backend",
          "callbacks",
          "checkpoint",
          "deterministic",
          "device",
          "execution",
          "logging",
          "loggers",
          "loop",
          "model",
          "model_dir",
          "optimizer",
          "precision",
          "schedulers",
          "seed",
          "sparsity");
  static final List<String> FIT_KEYS = List.of("train_dataloader", "val_dataloader", "ckpt_path");

  private RunConfigReader() {}

  static RunConfig read(ConfigNode file, List<String> overrides) {
    ConfigMap given =
        file instanceof ConfigScalar scalar && scalar.value() == null
            ? new ConfigMap(file.location(), Map.of())
            : file.asMap();
    rejectOtherLayouts(given);
    ConfigMap root = Overrides.apply(DefaultRun.fillIn(given, overrides), overrides);
    List<String> earlier = earlierNotes(root);
    ConfigMap trainer = root.map("trainer");
    root.rejectUnknown();
    ConfigMap init = trainer.map("init");
    ConfigMap fit = trainer.map("fit");
    // What validates during training stands in fit; these two repeat it for runs that only do that.
    trainer.allow("validate", "validate_all");
    trainer.rejectUnknown();
    RunConfig config = read(init, fit, earlier);
    init.rejectUnknown();
    fit.rejectUnknown();
    return config;
  }

  private static void rejectOtherLayouts(ConfigMap file) {
    for (String key : List.of("train_input", "runconfig")) {
      ConfigNode node = file.entries().get(key);
      if (node != null) {
        throw node.error(
            "the layout of the Model Zoo before 2.3; model, optimizer and runconfig go below"
                + " trainer.init, train_input is trainer.fit.train_dataloader");
      }
    }
    if (file.entries().get("trainer") instanceof ConfigList runs) {
      throw runs.error(
          "a list of runs: give each a file of its own, the later ones with ckpt_path");
    }
  }

  private static RunConfig read(ConfigMap init, ConfigMap fit, List<String> earlierNotes) {
    var notes = new ArrayList<String>();
    CallbacksConfig callbacks = CallbacksConfig.read(init, notes);
    LoopConfig loop = LoopConfig.read(init.map("loop"), callbacks, notes);
    init.get("autorestart")
        .ifPresent(node -> notes.add(Blocks.note(node, "left out: runs go on with --resume")));
    ModelBlock model = ModelBlock.read(init.require("model").asMap(), notes);
    DataConfig train = DataConfig.read(fit.map("train_dataloader"), DataConfig.defaults(), notes);
    Map<String, DataConfig> validation =
        DataBlocks.validation(fit.get("val_dataloader"), train.forEvaluation(), notes);
    loop.earlyStopping().ifPresent(stop -> stop.check(validation.keySet(), init.map("loop")));
    OptimizerConfig optimizer = OptimizerConfig.read(init.require("optimizer"));
    SchedulersConfig schedulers = SchedulersConfig.read(init.require("schedulers"));
    optimizer.check(model.config().parameters(), schedulers.schedules(), init.require("optimizer"));
    return new RunConfig(
        model,
        optimizer,
        schedulers,
        PrecisionConfig.read(init.map("precision"), notes),
        sparsity(init),
        execution(init),
        loop,
        CheckpointConfig.read(init.map("checkpoint"), callbacks, loop.maxSteps(), notes),
        LoggingConfig.read(init.map("logging"), callbacks, notes),
        Device.read(init, notes),
        init.flag("deterministic", false),
        init.integer("seed", 0),
        init.get("model_dir").map(ConfigNode::asPath),
        fit.get("ckpt_path").map(ConfigNode::asPath),
        train,
        validation,
        joined(earlierNotes, notes));
  }

  /** No block, nothing or "none": dense. */
  private static Optional<SparsityConfig> sparsity(ConfigMap init) {
    return init.get("sparsity")
        .filter(node -> !(node instanceof ConfigScalar scalar && "none".equals(scalar.value())))
        .map(SparsityConfig::read);
  }

  private static Execution execution(ConfigMap init) {
    Optional<ConfigNode> node = init.get("execution");
    if (node.isEmpty()) {
      return Execution.AUTO;
    }
    for (Execution execution : Execution.values()) {
      if (execution.name().equals(node.get().asString().toUpperCase(Locale.ROOT))) {
        return execution;
      }
    }
    throw node.get().error("allowed: auto, masked, compressed; found " + node.get().kind());
  }

  /** A resolved configuration keeps the notes of the file it came from. */
  private static List<String> earlierNotes(ConfigMap root) {
    ConfigMap own = root.map("filigree");
    own.allow("versions");
    List<String> notes =
        own.get("notes").map(node -> node.asList().items()).orElse(List.of()).stream()
            .map(ConfigNode::asString)
            .toList();
    own.rejectUnknown();
    return notes;
  }

  /** The model's block is kept as it was written, and so gives its notes again, on other lines. */
  private static List<String> joined(List<String> earlier, List<String> notes) {
    Set<String> known =
        earlier.stream().map(RunConfigReader::withoutLine).collect(Collectors.toSet());
    var joined = new ArrayList<String>(earlier);
    notes.stream().filter(note -> !known.contains(withoutLine(note))).forEach(joined::add);
    return joined;
  }

  /** A note without the file and line that it begins with. */
  private static String withoutLine(String note) {
    return note.substring(note.indexOf(": ") + 1);
  }
}
