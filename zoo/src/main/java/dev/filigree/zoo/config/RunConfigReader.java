package dev.filigree.zoo.config;

import dev.filigree.config.ConfigList;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigScalar;
import dev.filigree.sparsity.AlgorithmConfig;
import dev.filigree.sparsity.AlgorithmGroup;
import dev.filigree.sparsity.Execution;
import dev.filigree.sparsity.SparsityConfig;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.zoo.data.DataConfig;
import dev.filigree.zoo.model.ParameterSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads the Model Zoo's layout into a {@link RunConfig}. */
final class RunConfigReader {
  /** A comparison may stand beside the run that its methods change. */
  private static final String COMPARISON = "compare";

  static final List<String> ROOT_KEYS = List.of("trainer", "filigree", COMPARISON);
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
          "parallel",
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
    root.allow(COMPARISON);
    root.rejectUnknown();
    ConfigMap init = trainer.map("init");
    ConfigMap fit = trainer.map("fit");
    // What validates during training stands in fit; these two repeat it for runs that only do that.
    Optional<ConfigNode> apart = trainer.get("validate").or(() -> trainer.get("validate_all"));
    trainer.allow("validate", "validate_all");
    trainer.rejectUnknown();
    RunConfig config = read(init, fit, earlier, isResolved(given));
    init.rejectUnknown();
    fit.rejectUnknown();
    return config.withNotes(
        Stream.concat(
                apart
                    .filter(node -> !fit.has("val_dataloader"))
                    .map(node -> node.note("left out: runs validate on fit.val_dataloader"))
                    .stream(),
                ownDefaults(given, overrides, config).stream())
            .toList());
  }

  /** What the reader of a file that names its model should know; a run's own file says it all. */
  private static Optional<String> ownDefaults(
      ConfigMap given, List<String> overrides, RunConfig config) {
    boolean file = given.map("trainer").map("init").has("model") && !isResolved(given);
    return file ? OwnDefaults.note(Overrides.apply(given, overrides), config) : Optional.empty();
  }

  /** Whether a run wrote the file. */
  private static boolean isResolved(ConfigMap given) {
    return given.entries().containsKey("filigree");
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

  /**
   * @param resolved whether a run wrote the file
   */
  private static RunConfig read(
      ConfigMap init, ConfigMap fit, List<String> earlierNotes, boolean resolved) {
    var notes = new ArrayList<String>();
    CallbacksConfig callbacks = CallbacksConfig.read(init, notes);
    LoopConfig loop = LoopConfig.read(init.map("loop"), callbacks, notes);
    init.note("autorestart", "left out: runs go on with --resume", notes);
    ModelBlock model = ModelBlock.read(init.require("model").asMap(), notes);
    DataConfig train = DataConfig.read(fit.map("train_dataloader"), DataConfig.defaults(), notes);
    Map<String, DataConfig> validation = DataBlocks.validation(fit, train, notes);
    loop.earlyStopping()
        .ifPresent(stop -> stop.check(validation.keySet(), loop.evalFrequency(), init.map("loop")));
    OptimizerConfig optimizer = OptimizerConfig.read(init.require("optimizer"));
    SchedulersConfig schedulers = SchedulersConfig.read(init.get("schedulers"));
    List<ParameterSpec> parameters = model.config().parameters();
    optimizer.check(parameters, schedulers.schedules(), init.require("optimizer"));
    optimizer.checkRates(parameters, schedulers.schedules(), init.require("optimizer"), resolved);
    return new RunConfig(
        model,
        optimizer,
        schedulers,
        PrecisionConfig.read(init.map("precision"), notes),
        sparsity(init, notes),
        init.get("execution").map(node -> node.asEnum(Execution.class)).orElse(Execution.AUTO),
        loop,
        CheckpointConfig.read(init.map("checkpoint"), callbacks, loop.maxSteps(), notes),
        LoggingConfig.read(init.map("logging"), callbacks, notes),
        ParallelConfig.read(init.map("parallel")),
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
  private static Optional<SparsityConfig> sparsity(ConfigMap init, List<String> notes) {
    Optional<SparsityConfig> sparsity =
        init.get("sparsity")
            .filter(node -> !(node instanceof ConfigScalar scalar && "none".equals(scalar.value())))
            .map(SparsityConfig::read);
    sparsity.ifPresent(config -> noteWithoutEffect(config, notes));
    return sparsity;
  }

  /** Notes the keys that the algorithm does not use. */
  private static void noteWithoutEffect(SparsityConfig sparsity, List<String> notes) {
    List<AlgorithmGroup.Entry> built = sparsity.build().entries();
    for (int i = 0; i < built.size(); i++) {
      AlgorithmConfig config = sparsity.groups().get(i);
      for (var ignored : ignored(config, built.get(i).algorithm()).entrySet()) {
        if (config.settings().get(ignored.getKey()) != null) {
          notes.add(
              config.location()
                  + "."
                  + ignored.getKey()
                  + ": without effect: "
                  + ignored.getValue());
        }
      }
    }
  }

  private static Map<String, String> ignored(AlgorithmConfig config, SparsityAlgorithm algorithm) {
    return switch (config.algorithm()) {
      case "static" ->
          Map.of(
              "drop_fraction", "static drops nothing", "update", "static never updates its masks");
      case "gmp" -> Map.of("drop_fraction", "gmp drops what its sparsity schedule requires");
      default ->
          algorithm.startsDense()
              ? Map.of("init_method", "the first mask is made at update.start")
              : Map.of();
    };
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
