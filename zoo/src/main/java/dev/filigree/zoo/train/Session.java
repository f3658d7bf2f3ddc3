package dev.filigree.zoo.train;

import dev.filigree.io.Failures;
import dev.filigree.optim.GradScaler;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.ParameterGroup;
import dev.filigree.schedule.OptimizerSchedules;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.SparsityConfig;
import dev.filigree.sparsity.SparsityOptions;
import dev.filigree.torch.NativeMemory;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.config.PrecisionConfig;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.DataConfig;
import dev.filigree.zoo.data.DataException;
import dev.filigree.zoo.data.DataLoader;
import dev.filigree.zoo.data.DataSources;
import dev.filigree.zoo.model.ImageClassifier;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.model.Model;
import dev.filigree.zoo.model.ParameterSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** The living parts of a run, made from its configuration: model, data, optimizer, sparsity. */
final class Session implements AutoCloseable {
  private final RunConfig config;
  private final Hardware hardware;
  private final Model model;
  private final Map<String, Tensor> parameters;
  private final Map<String, Tensor> tensors;
  private final Optimizer optimizer;
  private final Optional<GradScaler> lossScale;
  private final OptimizerSchedules schedules;
  private final List<GroupKind> groupKinds = new ArrayList<>();
  private final DataLoader trainData;
  private final Map<String, DataLoader> validationData = new LinkedHashMap<>();
  private final Optional<String> start;

  /** What is to be given back, in the order it was taken. */
  private final Deque<Runnable> held = new ArrayDeque<>();

  /** A new run: its weights begin where the configuration says. */
  Session(RunConfig config) {
    this(config, config.initialCheckpoint());
  }

  /** A run that goes on from a checkpoint, which is read into it afterwards. */
  static Session resumed(RunConfig config, Path checkpoint) {
    // Its own weights give a mask made of zeros; any other mask is replaced by the saved one.
    return new Session(
        config, keepsGivenZeros(config) ? Optional.of(checkpoint) : Optional.empty());
  }

  private Session(RunConfig config, Optional<Path> initialCheckpoint) {
    this.config = config;
    hardware = Hardware.choose(config.device());
    try {
      trainData = loader("train_dataloader", config.trainData());
      config
          .validationData()
          .forEach(
              (name, data) ->
                  validationData.put(
                      name, loader("val_dataloader" + (name.isEmpty() ? "" : "." + name), data)));
      if (config.deterministic()) {
        held.push(Determinism.force()::close);
      }
      model = config.model().config().create(config.seed());
      requireKnownIds(model, trainData);
      validationData.values().forEach(data -> requireKnownIds(model, data));
      parameters = Tensors.namedParameters(model);
      tensors = model.tensors();
      held.push(() -> free(tensors.values()));
      Optional<StartingPoint> point =
          initialCheckpoint.map(path -> StartingPoint.read(path, config, tensors));
      hardware.place(model);
      if (config.loop().activationCheckpointing()) {
        recomputeActivations();
      }
      lossScale = lossScale(config.precision().lossScaling());
      schedules = config.schedulers().schedules();
      Optimizer dense = config.optimizer().create(groups());
      held.push(() -> forgetState(dense));
      optimizer = sparse(dense, point.map(StartingPoint::masks).orElse(Map.of()));
      held.push(() -> sparsity().ifPresent(SparseOptimizer::discard));
      if (config.checkpoint().loadOptimizerState()) {
        point.ifPresent(loaded -> loaded.readOptimizerState(this));
      }
      start = point.map(loaded -> loaded.describe(this));
      point.ifPresent(StartingPoint::close);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * Gives back the memory of tensors and of their gradients, whoever still has a handle to them.
   */
  private static void free(Collection<Tensor> tensors) {
    for (Tensor tensor : tensors) {
      tensor.mutable_grad().reset();
      tensor.set_data(torch.empty(new long[] {0}, tensor.options(), new MemoryFormatOptional()));
    }
  }

  private static void forgetState(Optimizer optimizer) {
    for (ParameterGroup group : optimizer.groups()) {
      group.parameters().forEach(parameter -> optimizer.state(parameter).clear());
    }
  }

  private static void requireKnownIds(Model model, DataLoader data) {
    switch (model) {
      case LanguageModel language -> data.ids(language.vocabularySize(), "model.vocab_size");
      case ImageClassifier pictures -> data.ids(pictures.classes(), "model.num_classes");
      default -> {}
    }
  }

  private void recomputeActivations() {
    if (!(model instanceof LanguageModel language)) {
      throw new TrainingException(
          "loop.activation_checkpointing is for language models, not for "
              + config.model().config().modelType());
    }
    try {
      language.recomputeActivations(true);
    } catch (IllegalArgumentException e) {
      throw new TrainingException("loop.activation_checkpointing: " + e.getMessage(), e);
    }
  }

  /** {@code block} names the data in errors. */
  private static DataLoader loader(String block, DataConfig data) {
    try {
      return DataSources.loader(data);
    } catch (DataException e) {
      throw new DataException(block + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new TrainingException(
          block + ": " + data.dataDirs() + " cannot be read: " + Failures.reason(e), e);
    }
  }

  private static Optional<GradScaler> lossScale(PrecisionConfig.LossScaling scaling) {
    return switch (scaling) {
      case PrecisionConfig.LossScaling.None() -> Optional.empty();
      case PrecisionConfig.LossScaling.Fixed(double scale) -> Optional.of(GradScaler.fixed(scale));
      case PrecisionConfig.LossScaling.Dynamic(double initial, long stepsPerIncrease) ->
          Optional.of(
              new GradScaler(
                  GradScaler.options().initScale(initial).growthInterval(stepsPerIncrease)));
    };
  }

  /**
   * What the parameters of a group have in common. Norms and biases do not decay.
   *
   * @param tags that schedules name
   */
  private record GroupKind(boolean decays, double learningRateScale, Set<String> tags) {}

  private List<ParameterGroup> groups() {
    var members = new LinkedHashMap<GroupKind, List<Tensor>>();
    for (ParameterSpec spec : config.model().config().parameters()) {
      Tensor parameter = parameters.get(spec.name());
      if (parameter == null) {
        throw new IllegalStateException("the network has no parameter " + spec.name());
      }
      var kind =
          new GroupKind(
              spec.shape().size() > 1, spec.learningRateScale(), config.optimizer().tags(spec));
      members.computeIfAbsent(kind, key -> new ArrayList<>()).add(parameter);
    }
    var groups = new ArrayList<ParameterGroup>();
    double decay = config.optimizer().options().weightDecay();
    double learningRate = config.optimizer().options().lr();
    members.forEach(
        (kind, tensors) -> {
          groups.add(new ParameterGroup(tensors, learningRate, kind.decays ? decay : 0));
          groupKinds.add(kind);
        });
    return groups;
  }

  private Optimizer sparse(Optimizer dense, Map<String, Tensor> existing) {
    Optional<SparsityConfig> sparsity = config.sparsity();
    if (sparsity.isEmpty()) {
      return dense;
    }
    var otherNames = new LinkedHashMap<String, List<String>>();
    for (ParameterSpec spec : config.model().config().parameters()) {
      otherNames.put(spec.name(), List.of(spec.modelZooName()));
    }
    SparsityOptions options =
        SparsityOptions.defaults()
            .seed(config.seed())
            .execution(config.execution())
            .microBatches(TrainingStep.microBatches(config))
            .otherNames(otherNames)
            .existing(existing);
    return Sparsity.wrap(model, dense, sparsity.get(), options);
  }

  /**
   * Sets the hyper-parameters for the step after so many finished ones; the learning rate of the
   * parameters without tags.
   */
  double schedule(long step) {
    for (int i = 0; i < optimizer.groups().size(); i++) {
      ParameterGroup group = optimizer.groups().get(i);
      GroupKind kind = groupKinds.get(i);
      group.learningRate(learningRate(kind.tags, step) * kind.learningRateScale);
      if (kind.decays) {
        schedules
            .weightDecay(kind.tags)
            .ifPresent(schedule -> group.weightDecay(schedule.at(step)));
      }
    }
    return learningRate(Set.of(), step);
  }

  private double learningRate(Set<String> tags, long step) {
    return schedules
        .learningRate(tags)
        .map(schedule -> schedule.at(step))
        .orElse(config.optimizer().options().lr());
  }

  RunConfig config() {
    return config;
  }

  Hardware hardware() {
    return hardware;
  }

  Model model() {
    return model;
  }

  /** What the run is counted in. */
  Unit unit() {
    return Unit.of(model);
  }

  Optimizer optimizer() {
    return optimizer;
  }

  /** The factor on the loss; empty for none. */
  Optional<GradScaler> lossScale() {
    return lossScale;
  }

  /** The wrapper; empty for a dense run. */
  Optional<SparseOptimizer> sparsity() {
    return optimizer instanceof SparseOptimizer sparse ? Optional.of(sparse) : Optional.empty();
  }

  List<SparseParameter> sparseParameters() {
    return sparsity().map(SparseOptimizer::parameters).orElse(List.of());
  }

  /** What the optimizer updates, over which gradients are clipped. */
  List<Tensor> trained() {
    return optimizer.groups().stream().flatMap(group -> group.parameters().stream()).toList();
  }

  /** A tensor of the network, parameter or buffer, as a dense one; null for an unknown name. */
  @Nullable Tensor denseTensor(String name) {
    for (SparseParameter parameter : sparseParameters()) {
      if (parameter.name().equals(name)) {
        return parameter.dense();
      }
    }
    return tensors.get(name);
  }

  /** The network's parameters by name. */
  Map<String, Tensor> parameters() {
    return parameters;
  }

  /** The network's parameters by name, and its buffers, such as running averages. */
  Map<String, Tensor> tensors() {
    return tensors;
  }

  /** What the forward passes of training change beside the parameters, such as running averages. */
  Collection<Tensor> buffers() {
    return tensors.entrySet().stream()
        .filter(entry -> !parameters.containsKey(entry.getKey()))
        .map(Map.Entry::getValue)
        .toList();
  }

  DataLoader trainData() {
    return trainData;
  }

  Map<String, DataLoader> validationData() {
    return validationData;
  }

  /** The counted sparsity over the sparse parameters; 0 for a dense run. */
  double countedSparsity() {
    return sparsity().map(SparseOptimizer::sparsity).orElse(0.0);
  }

  /** The sparsity asked for over the sparse parameters; 0 for a dense run. */
  double targetSparsity() {
    double asked = 0;
    long size = 0;
    for (LayerSparsity layer : layers()) {
      long elements = layer.shape().stream().reduce(1L, Math::multiplyExact);
      asked += layer.targetSparsity() * elements;
      size += elements;
    }
    return size == 0 ? 0 : asked / size;
  }

  /** The sparse parameters, counted. */
  List<LayerSparsity> layers() {
    return sparsity()
        .map(
            sparse ->
                sparse.parameters().stream()
                    .map(
                        parameter ->
                            new LayerSparsity(
                                parameter.name(),
                                Arrays.stream(parameter.shape()).boxed().toList(),
                                parameter.kept(),
                                parameter.targetSparsity(),
                                parameter.sparsity()))
                    .toList())
        .orElse(List.of());
  }

  /** Bits a byte of text from nats a token; null where the text is not known. */
  @Nullable Double bitsPerByte(double loss) {
    if (validationData.size() != 1) {
      return null;
    }
    return validationData
        .values()
        .iterator()
        .next()
        .dataset()
        .text()
        .<@Nullable Double>map(text -> text.bitsPerByte(loss))
        .orElse(null);
  }

  /** Whether the masks come from the zeros of given weights, whatever their number. */
  boolean keepsGivenZeros() {
    return keepsGivenZeros(config);
  }

  private static boolean keepsGivenZeros(RunConfig config) {
    return config.sparsity().stream()
        .flatMap(sparsity -> sparsity.groups().stream())
        .anyMatch(group -> "from_zeros".equals(group.settings().get("init_method")));
  }

  /** What the run took from the checkpoint it starts from; empty for one from initial weights. */
  Optional<String> start() {
    return start;
  }

  /** "dense", "masked", "compressed", or "compressed and masked". */
  String execution() {
    List<String> kinds =
        sparseParameters().stream()
            .map(parameter -> parameter.execution().name().toLowerCase(java.util.Locale.ROOT))
            .distinct()
            .sorted()
            .toList();
    return kinds.isEmpty() ? "dense" : String.join(" and ", kinds);
  }

  /**
   * Frees weights, gradients, masks and optimizer state at once, and gives libtorch its settings
   * back. Nothing of the session can be used afterwards.
   */
  @Override
  public void close() {
    boolean model = !held.isEmpty();
    while (!held.isEmpty()) {
      Tensors.inScope(held.pop());
    }
    if (model) {
      NativeMemory.giveBack();
    }
  }
}
