package dev.filigree.sparsity;

import static java.util.Objects.requireNonNull;

import dev.filigree.mask.RandomScores;
import dev.filigree.nn.Layer;
import dev.filigree.nn.Linear;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.Optimizer;
import dev.filigree.torch.Cuda;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Assumptions;

/** Two linear layers with seeded weights and seeded inputs for every step. */
final class TinyNetwork extends Layer {
  /** Where it trains: a GPU with {@code -Dfiligree.test.device=cuda}. */
  static final Device DEVICE =
      new Device(System.getProperty("filigree.test.device", "cpu")).retainReference();

  static final long BATCH = 16;
  static final long INPUTS = 20;
  static final long HIDDEN = 40;
  static final long OUTPUTS = 10;

  private final Linear first = register("first", new Linear(INPUTS, HIDDEN, true));
  private final Linear second = register("second", new Linear(HIDDEN, OUTPUTS, false));

  TinyNetwork() {
    this(ScalarType.Float);
  }

  TinyNetwork(ScalarType type) {
    Tensors.namedParameters(this)
        .forEach(
            (name, parameter) ->
                parameter.set_data(
                    uniform(name, -1, Tensors.shape(parameter)).sub(new Scalar(0.5)).to(type)));
  }

  /** Skips a test that is to run on a GPU where there is none. */
  static void assumeDevice() {
    Assumptions.assumeTrue(
        DEVICE.is_cpu() || Cuda.obstacle().isEmpty(), "no GPU: " + Cuda.obstacle().orElse(""));
  }

  /** One forward and backward pass over the inputs of a step; returns the loss. */
  double backward(long step) {
    return backward(step, 0, BATCH);
  }

  /** The same over some of the inputs. */
  double backward(long step, long from, long count) {
    ScalarType type = Tensors.type(first.weight());
    Tensor x = uniform("x", step, BATCH, INPUTS).narrow(0, from, count).to(type);
    Tensor y = uniform("y", step, BATCH, OUTPUTS).narrow(0, from, count).to(type);
    Tensor loss = torch.mse_loss(second.forward(first.forward(x).tanh()), y);
    loss.backward();
    return loss.item_double();
  }

  double train(Optimizer optimizer, long from, long to) {
    double loss = Double.NaN;
    for (long step = from; step < to; step++) {
      optimizer.zeroGrad();
      loss = backward(step);
      optimizer.step();
    }
    return loss;
  }

  Tensor firstWeight() {
    return first.weight();
  }

  Optimizer adamW() {
    return new AdamW(Tensors.namedParameters(this).values(), AdamW.options().lr(0.01));
  }

  /** Weights, masks and optimizer state: everything that decides the future, copied. */
  Map<String, Tensor> snapshot(SparseOptimizer optimizer) {
    var tensors = new LinkedHashMap<String, Tensor>();
    Tensors.namedParameters(this)
        .forEach(
            (name, parameter) -> {
              tensors.put(name, parameter.detach().clone());
              optimizer
                  .state(parameter)
                  .forEach((key, state) -> tensors.put(name + "/" + key, state.clone()));
            });
    optimizer.masks().forEach((name, mask) -> tensors.put(name + "/mask", mask));
    forwardTensors(optimizer)
        .forEach((name, tensor) -> tensors.put(name + "/forward", tensor.detach().clone()));
    optimizer
        .saved()
        .evidence()
        .forEach((name, tensor) -> tensors.put(name + "/evidence", tensor.clone()));
    return tensors;
  }

  /** Puts back masks, weights, optimizer state and gathered evidence. */
  void restore(SparseOptimizer optimizer, Map<String, Tensor> snapshot) {
    var parameters = Tensors.namedParameters(this);
    var masks = new LinkedHashMap<String, Tensor>();
    optimizer
        .parameters()
        .forEach(p -> masks.put(p.name(), requireNonNull(snapshot.get(p.name() + "/mask"))));
    optimizer.loadMasks(masks);
    forwardTensors(optimizer)
        .forEach(
            (name, tensor) ->
                tensor.detach().copy_(requireNonNull(snapshot.get(name + "/forward"))));
    parameters.forEach(
        (name, parameter) -> {
          parameter.detach().copy_(requireNonNull(snapshot.get(name)));
          snapshot.forEach(
              (key, tensor) -> {
                if (key.startsWith(name + "/")
                    && !key.endsWith("/mask")
                    && !key.endsWith("/forward")
                    && !key.endsWith("/evidence")) {
                  optimizer.state(parameter).put(key.substring(name.length() + 1), tensor.clone());
                }
              });
        });
    var evidence = new LinkedHashMap<String, Tensor>();
    parameters
        .keySet()
        .forEach(
            name -> {
              Tensor gathered = snapshot.get(name + "/evidence");
              if (gathered != null) {
                evidence.put(name, gathered.clone());
              }
            });
    if (!evidence.isEmpty()) {
      optimizer.saved().loadEvidence(evidence);
    }
  }

  private static Map<String, Tensor> forwardTensors(SparseOptimizer optimizer) {
    var tensors = new LinkedHashMap<String, Tensor>();
    for (SparseParameter parameter : optimizer.parameters()) {
      parameter
          .forwardTensors()
          .forEach((key, tensor) -> tensors.put(parameter.name() + "/" + key, tensor));
    }
    return tensors;
  }

  static boolean equal(Map<String, Tensor> left, Map<String, Tensor> right) {
    return left.keySet().equals(right.keySet())
        && left.entrySet().stream()
            .allMatch(entry -> entry.getValue().equal(requireNonNull(right.get(entry.getKey()))));
  }

  static List<Long> kept(Tensor mask) {
    var kept = new ArrayList<Long>();
    Tensor indices = mask.cpu().flatten().nonzero().flatten();
    for (long i = 0; i < indices.numel(); i++) {
      kept.add(indices.get(i).item_long());
    }
    return kept;
  }

  private static Tensor uniform(String name, long step, long... shape) {
    return RandomScores.of(7, name, step).tensor(DEVICE, shape);
  }
}
