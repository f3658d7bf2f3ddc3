package dev.filigree.sparsity;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.nn.Layer;
import dev.filigree.nn.Linear;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.SGD;
import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.SparseEvolution;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.WeightView;
import dev.filigree.testing.Golden;
import dev.filigree.torch.Tensors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole training runs against the reference: masks exactly, losses, weights and optimizer state to
 * 1e-4. The producer of the numbers is named in golden/README.md.
 */
class TracesGoldenTest {
  static Stream<Arguments> traces() throws IOException {
    return StreamSupport.stream(Golden.open("traces.json.gz").spliterator(), false)
        .flatMap(
            trace ->
                executions(trace.get("sparsity_config"))
                    .map(execution -> Arguments.of(trace.get("name").asText(), execution, trace)));
  }

  /** Weights that compete in groups are never compressed. */
  private static Stream<Execution> executions(JsonNode config) {
    return config.has("balance_in_groups") || config.has("balance_out_groups")
        ? Stream.of(Execution.MASKED)
        : Stream.of(Execution.MASKED, Execution.COMPRESSED);
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("traces")
  void runFollowsTheReference(String name, Execution execution, JsonNode trace) {
    try (var _ = new PointerScope();
        var network = new Network(trace)) {
      var parameters = Tensors.namedParameters(network);
      Optimizer inner = optimizer(trace.get("optimizer"), parameters.values());
      Replay replay = Replay.of(trace);
      try (SparseOptimizer optimizer =
          Sparsity.wrap(
              network, inner, replay.group, SparsityOptions.defaults().execution(execution))) {
        assertMasks(trace.get("initial_masks"), optimizer, "at the beginning");
        Tensor x = floats(trace.get("x"), -1, network.dims[0]);
        Tensor y = longs(trace.get("y"));
        int batch = trace.get("batch").asInt();
        int batches = (int) (x.size(0) / batch);
        JsonNode steps = trace.get("steps");
        for (int step = 0; step < steps.size(); step++) {
          long from = (long) (step % batches) * batch;
          replay.step = step;
          Tensor loss =
              torch.cross_entropy_loss(
                  network.forward(x.narrow(0, from, batch)), y.narrow(0, from, batch));
          assertThat((double) loss.item_float())
              .as("loss of step %d", step)
              .isCloseTo(steps.get(step).get("loss").asDouble(), within(1e-4));
          loss.backward();
          optimizer.step();
          optimizer.zeroGrad();
          if (steps.get(step).has("masks")) {
            assertMasks(steps.get(step).get("masks"), optimizer, "after step " + step);
          }
          optimizer.verify();
        }
        assertFinal(trace, parameters, optimizer);
      }
    }
  }

  private static void assertMasks(JsonNode expected, SparseOptimizer optimizer, String when) {
    var masks = optimizer.masks();
    assertThat(masks).hasSize(expected.size());
    expected
        .properties()
        .forEach(
            entry -> {
              var kept = new ArrayList<Long>();
              Tensor indices =
                  requireNonNull(masks.get(entry.getKey())).flatten().nonzero().flatten();
              for (long i = 0; i < indices.numel(); i++) {
                kept.add(indices.get(i).item_long());
              }
              var wanted = new ArrayList<Long>();
              entry.getValue().forEach(index -> wanted.add(index.asLong()));
              assertThat(kept).as("mask of %s %s", entry.getKey(), when).isEqualTo(wanted);
            });
  }

  private static void assertFinal(
      JsonNode trace, Map<String, Tensor> parameters, SparseOptimizer optimizer) {
    trace
        .get("final_parameters")
        .properties()
        .forEach(
            entry -> {
              String name = entry.getKey();
              Tensor dense =
                  sparse(optimizer, name)
                      .map(SparseParameter::dense)
                      .orElseGet(() -> requireNonNull(parameters.get(name)));
              assertClose(entry.getValue(), dense, name);
            });
    trace
        .get("final_optimizer_state")
        .properties()
        .forEach(
            entry -> {
              var state = optimizer.state(requireNonNull(parameters.get(entry.getKey())));
              entry.getValue().properties().stream()
                  .filter(item -> item.getValue().isArray())
                  .forEach(
                      item -> {
                        Tensor found = requireNonNull(state.get(item.getKey()));
                        Tensor dense =
                            sparse(optimizer, entry.getKey())
                                .map(parameter -> parameter.toDense(found))
                                .orElse(found);
                        assertClose(item.getValue(), dense, entry.getKey() + " " + item.getKey());
                      });
            });
  }

  private static Optional<SparseParameter> sparse(SparseOptimizer optimizer, String name) {
    return optimizer.parameters().stream()
        .filter(parameter -> parameter.name().equals(name))
        .findFirst();
  }

  private static void assertClose(JsonNode expected, Tensor found, String what) {
    Tensor flat = found.detach().flatten().contiguous();
    assertThat(flat.numel()).as(what).isEqualTo(expected.size());
    var memory = Tensors.segment(flat);
    for (int i = 0; i < expected.size(); i++) {
      double value = memory.getAtIndex(java.lang.foreign.ValueLayout.JAVA_FLOAT, i);
      assertThat(value).as("%s[%d]", what, i).isCloseTo(expected.get(i).asDouble(), within(1e-4));
    }
  }

  private static Optimizer optimizer(JsonNode config, Iterable<Tensor> parameters) {
    List<Tensor> all = new ArrayList<>();
    parameters.forEach(all::add);
    double lr = config.get("lr").asDouble();
    double decay = config.get("weight_decay").asDouble();
    return switch (config.get("name").asText()) {
      case "sgd" ->
          new SGD(
              all,
              SGD.options().lr(lr).momentum(config.get("momentum").asDouble()).weightDecay(decay));
      case "adamw" ->
          new AdamW(
              all,
              AdamW.options()
                  .lr(lr)
                  .betas(
                      config.get("betas").get(0).asDouble(), config.get("betas").get(1).asDouble())
                  .eps(config.get("eps").asDouble())
                  .weightDecay(decay));
      default -> throw new IllegalArgumentException(config.toString());
    };
  }

  private static Tensor floats(JsonNode values, long... shape) {
    var array = new float[values.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = (float) values.get(i).asDouble();
    }
    return torch.tensor(array).reshape(shape);
  }

  private static Tensor longs(JsonNode values) {
    var array = new long[values.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = values.get(i).asLong();
    }
    return torch.tensor(array);
  }

  /** The group of a trace; for SET with the recorded random scores in place of drawn ones. */
  private static final class Replay {
    private final JsonNode trace;
    private final AlgorithmGroup group;
    private int step;

    private Replay(JsonNode trace) {
      this.trace = trace;
      Object config = new ObjectMapper().convertValue(trace.get("sparsity_config"), Object.class);
      AlgorithmGroup configured = SparsityConfig.of(config).build();
      AlgorithmGroup.Entry entry = configured.entries().getFirst();
      boolean recorded = entry.algorithm() instanceof SparseEvolution;
      group =
          recorded
              ? AlgorithmGroup.empty()
                  .with(entry.filter(), new Recorded(entry.algorithm().settings()))
              : configured;
    }

    static Replay of(JsonNode trace) {
      return new Replay(trace);
    }

    private final class Recorded extends SparsityAlgorithm {
      Recorded(AlgorithmSettings settings) {
        super(settings);
      }

      @Override
      public Tensor growScore(WeightView weight) {
        JsonNode recorded = trace.get("steps").get(step).get("regrow_scores").get(weight.name());
        return floats(recorded, Tensors.shape(weight.values()));
      }
    }
  }

  /** Linear layers fc1..fcN with bias and tanh between them. */
  private static final class Network extends Layer {
    private final int[] dims;
    private final List<Linear> layers = new ArrayList<>();

    Network(JsonNode trace) {
      JsonNode sizes = trace.get("dims");
      dims = new int[sizes.size()];
      for (int i = 0; i < dims.length; i++) {
        dims[i] = sizes.get(i).asInt();
      }
      for (int i = 1; i < dims.length; i++) {
        layers.add(register("fc" + i, new Linear(dims[i - 1], dims[i], true)));
      }
      assertThat(trace.get("activation").asText()).isEqualTo("tanh");
      var parameters = Tensors.namedParameters(this);
      try (var _ = new NoGradGuard()) {
        trace
            .get("initial_parameters")
            .properties()
            .forEach(
                entry -> {
                  Tensor parameter = requireNonNull(parameters.get(entry.getKey()));
                  parameter.copy_(floats(entry.getValue(), Tensors.shape(parameter)));
                });
      }
    }

    Tensor forward(Tensor x) {
      for (int i = 0; i < layers.size(); i++) {
        x = layers.get(i).forward(x);
        if (i < layers.size() - 1) {
          x = x.tanh();
        }
      }
      return x;
    }
  }
}
