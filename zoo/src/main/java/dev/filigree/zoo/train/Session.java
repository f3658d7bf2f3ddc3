package dev.filigree.zoo.train;

import dev.filigree.distributed.KeptPositions;
import dev.filigree.distributed.ReplicaGroup;
import dev.filigree.distributed.ShardedOptimizer;
import dev.filigree.optim.GradScaler;
import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.ParameterGroup;
import dev.filigree.optim.Replica;
import dev.filigree.sparsity.KeptGradients;
import dev.filigree.sparsity.PositionHashes;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.SparsityConfig;
import dev.filigree.sparsity.SparsityOptions;
import dev.filigree.torch.NativeMemory;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.config.PrecisionConfig;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.DataLoader;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.model.Model;
import dev.filigree.zoo.model.ParameterSpec;
import dev.filigree.zoo.train.checkpoint.Checkpoint;
import dev.filigree.zoo.train.checkpoint.StartingPoint;
import dev.filigree.zoo.train.checkpoint.TrainingState;
import dev.filigree.zoo.train.event.TrainingException;
import dev.filigree.zoo.train.event.Unit;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The living parts of a run, made from its configuration: model, data, optimizer, sparsity. */
final class Session implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);

  private final RunConfig config;
  private final Replica replica;
  private final GradientExchange exchange;
  private final Hardware hardware;
  private final Model model;
  private final RunData data;
  private final ParameterGroups groups;
  private final Optional<ShardedOptimizer> sharded;
  private final Optional<KeptGradients> kept;
  private final TrainingState state;
  private final Optional<String> start;

  /** What is to be given back, in the order it was taken. */
  private final Deque<Runnable> held = new ArrayDeque<>();

  /** A new run: its weights begin where the configuration says. */
  Session(RunConfig config) {
    this(config, Replica.alone(), GradientExchange.none());
  }

  /** A new run of one of several replicas. */
  Session(RunConfig config, Replica replica, GradientExchange exchange) {
    this(config, config.initialCheckpoint(), Map.of(), replica, exchange);
  }

  /** A run that goes on from a checkpoint, which is read into it afterwards. */
  static Session resumed(
      RunConfig config, Checkpoint checkpoint, Replica replica, GradientExchange exchange) {
    // Its own weights give a mask made of zeros; any other mask is replaced by the saved one.
    return new Session(
        config,
        keepsGivenZeros(config) ? Optional.of(checkpoint.directory()) : Optional.empty(),
        checkpoint.sparsityState(),
        replica,
        exchange);
  }

  private Session(
      RunConfig config,
      Optional<Path> initialCheckpoint,
      Map<String, Object> savedSparsity,
      Replica replica,
      GradientExchange exchange) {
    this.config = config;
    this.replica = replica;
    this.exchange = exchange;
    requireShares();
    hardware = Hardware.choose(config.device(), replica);
    if (hardware.computing(config.precision().type()) != config.precision().type().elements()) {
      LOG.info("no units for bfloat16 in this processor: matrix products compute in float32");
    }
    try {
      data = RunData.open(config, replica);
      if (config.deterministic()) {
        held.push(Determinism.force()::close);
      }
      model = config.model().config().unfilled(config.seed(), hardware.place());
      data.requireFit(model);
      Map<String, Tensor> parameters = Tensors.namedParameters(model);
      Map<String, Tensor> tensors = model.tensors();
      held.push(() -> free(tensors.values()));
      Optional<StartingPoint> point =
          initialCheckpoint.map(path -> StartingPoint.open(path, config));
      point.ifPresent(opened -> held.push(opened::close));
      var values =
          new ValuesInTurn(
              tensors,
              point
                  .<Function<String, Tensor>>map(opened -> opened::values)
                  .orElseGet(() -> model.initialValues(config.seed())));
      if (config.loop().activationCheckpointing()) {
        recomputeActivations();
      }
      Optional<GradScaler> lossScale = lossScale(config.precision().lossScaling());
      groups = new ParameterGroups(config, parameters);
      Optimizer whole = config.optimizer().create(groups.groups());
      held.push(() -> forgetState(whole));
      sharded = sharded(whole);
      Optimizer dense = sharded.<Optimizer>map(each -> each).orElse(whole);
      state =
          new TrainingState(
              config,
              parameters,
              tensors,
              sparse(
                  dense,
                  values,
                  point.map(StartingPoint::masks).orElse(Map.of()),
                  savedSparsity,
                  point.isPresent()),
              lossScale,
              data.train());
      held.push(() -> sparsity().ifPresent(SparseOptimizer::discard));
      kept = sparsity().map(KeptGradients::new);
      held.push(() -> kept.ifPresent(KeptGradients::close));
      sharded.ifPresent(each -> each.sendOnly(keptPositions()));
      values.giveRest();
      if (config.checkpoint().loadOptimizerState()) {
        point.ifPresent(loaded -> loaded.readOptimizerState(state));
      }
      start = point.map(loaded -> loaded.describe(state));
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

  private void recomputeActivations() {
    if (!(model instanceof LanguageModel language)) {
      throw new TrainingException(
          "loop.activation_checkpointing is for language models, not for "
              + config.model().config().modelType());
    }
    language.recomputeActivations(true);
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

  private Optimizer sparse(
      Optimizer dense,
      ValuesInTurn values,
      Map<String, Tensor> existing,
      Map<String, Object> savedState,
      boolean trained) {
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
            .microBatches(config.microBatches())
            .otherNames(otherNames)
            .existing(existing)
            .savedState(savedState)
            .exchange(exchange)
            .values(values::give)
            .trained(trained);
    return Sparsity.wrap(model, dense, sparsity.get(), options);
  }

  /** The optimizer whose state is shared out over the replicas; empty for one that is not. */
  private Optional<ShardedOptimizer> sharded(Optimizer whole) {
    if (!config.parallel().shardOptimizerState() || replica.isAlone()) {
      return Optional.empty();
    }
    if (!(exchange instanceof ReplicaGroup group)) {
      throw new TrainingException(
          "parallel.shard_optimizer_state needs replicas that are joined in a ReplicaGroup");
    }
    return Optional.of(new ShardedOptimizer(whole, group));
  }

  /** What replicas send of a parameter. */
  KeptPositions keptPositions() {
    return kept.<KeptPositions>map(each -> each).orElseGet(KeptPositions::all);
  }

  /** Does something that needs the whole optimizer state on the first replica; all call it. */
  <T> T withWholeState(Supplier<T> action) {
    sharded.ifPresent(ShardedOptimizer::gather);
    try {
      return action.get();
    } finally {
      sharded.ifPresent(ShardedOptimizer::letGo);
    }
  }

  /** Sets the hyper-parameters for the next step. */
  double schedule(long step) {
    return groups.schedule(state.optimizer(), step);
  }

  /** What a checkpoint of the run holds. */
  TrainingState state() {
    return state;
  }

  /** Replicas that do not exchange would train apart; those that do need equal shares. */
  private void requireShares() {
    if (replica.isAlone()) {
      return;
    }
    if (exchange == GradientExchange.none()) {
      throw new TrainingException(replica + " exchanges no gradients with the others");
    }
    int samples = config.microBatchSize();
    if (samples % replica.size() != 0) {
      throw new TrainingException(
          "train_dataloader: %s %d is no multiple of the %d replicas"
              .formatted(
                  config.trainData().microBatchSize() == null ? "batch_size" : "micro_batch_size",
                  samples,
                  replica.size()));
    }
  }

  RunConfig config() {
    return config;
  }

  Replica replica() {
    return replica;
  }

  /** Where gradients meet those of the other replicas. */
  GradientExchange exchange() {
    return exchange;
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
    return state.optimizer();
  }

  /** The factor on the loss; empty for none. */
  Optional<GradScaler> lossScale() {
    return state.lossScale();
  }

  /** The wrapper; empty for a dense run. */
  Optional<SparseOptimizer> sparsity() {
    return state.sparsity();
  }

  List<SparseParameter> sparseParameters() {
    return state.sparseParameters();
  }

  /**
   * Checks that all replicas keep the same weights.
   *
   * @throws TrainingException naming the first layer in which they do not
   */
  void requireAgreement(long step) {
    if (!replica.isAlone()) {
      PositionHashes.difference(sparseParameters(), replica, exchange)
          .ifPresent(
              difference -> {
                throw new TrainingException(
                    "step %d: the replicas have drifted apart: %s".formatted(step, difference));
              });
    }
  }

  /** What the optimizer updates, over which gradients are clipped. */
  List<Tensor> trained() {
    return optimizer().groups().stream().flatMap(group -> group.parameters().stream()).toList();
  }

  /** The network's parameters by name. */
  Map<String, Tensor> parameters() {
    return state.parameters();
  }

  /** The network's parameters by name, and its buffers, such as running averages. */
  Map<String, Tensor> tensors() {
    return state.tensors();
  }

  /** What the forward passes of training change beside the parameters, such as running averages. */
  Collection<Tensor> buffers() {
    return tensors().entrySet().stream()
        .filter(entry -> !parameters().containsKey(entry.getKey()))
        .map(Map.Entry::getValue)
        .toList();
  }

  DataLoader trainData() {
    return data.train();
  }

  Map<String, DataLoader> validationData() {
    return data.validation();
  }

  /** The counted sparsity over the sparse parameters; 0 for a dense run. */
  double countedSparsity() {
    return sparsity().map(SparseOptimizer::sparsity).orElse(0.0);
  }

  /**
   * Whether the masks come from the zeros of given weights, so that their number is not configured.
   */
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
            .map(parameter -> parameter.execution().name().toLowerCase(Locale.ROOT))
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
