package dev.filigree.distributed;

import dev.filigree.optim.Optimizer;
import dev.filigree.optim.ParameterGroup;
import dev.filigree.optim.ParameterLayout;
import dev.filigree.torch.Tensors;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * An optimizer whose state is shared out over the replicas: each updates its share of the
 * parameters, whose state it alone has, and sends them to the others (Rajbhandari et al. 2020,
 * ZeRO, stage 1). Parameters are whole in a share, and shares about equal. The gradients are those
 * of all replicas before it steps.
 *
 * <p>{@link #state} of a parameter of another replica is empty and forgets what is put into it,
 * until {@link #gather} has brought the whole to the first replica.
 */
public final class ShardedOptimizer implements Optimizer {
  private final Optimizer inner;
  private final ReplicaGroup group;
  private final Map<Long, Integer> owners = new HashMap<>(); // rank by identity of the parameter
  private final long[] loads; // elements by rank
  private final Map<Long, Map<String, Tensor>> gathered = new HashMap<>();
  private KeptPositions kept = KeptPositions.all();

  /**
   * Shares an optimizer's parameters out.
   *
   * @param inner has made no step; groups and parameters are the same on every replica
   */
  public ShardedOptimizer(Optimizer inner, ReplicaGroup group) {
    this.inner = inner;
    this.group = group;
    loads = new long[group.replica().size()];
    parameters().stream()
        .sorted(Comparator.comparingLong(Tensor::numel).reversed())
        .forEach(this::assign);
  }

  /** To the replica that has least. */
  private void assign(Tensor parameter) {
    int least = 0;
    for (int rank = 1; rank < loads.length; rank++) {
      if (loads[rank] < loads[least]) {
        least = rank;
      }
    }
    loads[least] += parameter.numel();
    owners.put(Tensors.identity(parameter), least);
  }

  /** Says which elements of the parameters exist, from now on; all by default. */
  public void sendOnly(KeptPositions existing) {
    kept = existing;
  }

  private List<Tensor> parameters() {
    return inner.groups().stream().flatMap(each -> each.parameters().stream()).toList();
  }

  private List<Tensor> parametersOf(int rank) {
    return parameters().stream().filter(each -> owner(each) == rank).toList();
  }

  private int owner(Tensor parameter) {
    Integer owner = owners.get(Tensors.identity(parameter));
    if (owner == null) {
      throw new IllegalArgumentException("not a parameter of this optimizer");
    }
    return owner;
  }

  private boolean isOwn(Tensor parameter) {
    return owner(parameter) == group.replica().rank();
  }

  @Override
  public void step() {
    Map<Tensor, Tensor> others = new LinkedHashMap<>();
    for (Tensor parameter : parameters()) {
      if (!isOwn(parameter) && parameter.grad().defined()) {
        others.put(parameter, new Tensor(parameter.grad()).retainReference());
        parameter.mutable_grad().reset();
      }
    }
    try {
      inner.step();
    } finally { // whoever scores by gradients finds them all
      others.forEach(
          (parameter, gradient) -> {
            parameter.mutable_grad().put(gradient);
            gradient.close();
          });
    }
    Tensors.inScope(
        () -> {
          for (int rank = 0; rank < loads.length; rank++) {
            share(rank);
          }
        });
  }

  /** Sends the parameters that a replica has updated. */
  private void share(int rank) {
    Map<ScalarType, List<FlatTensors.Part>> byType = new LinkedHashMap<>();
    for (Tensor parameter : parametersOf(rank)) {
      byType
          .computeIfAbsent(Tensors.type(parameter), _ -> new ArrayList<>())
          .add(new FlatTensors.Part(parameter, kept.of(parameter)));
    }
    byType.forEach(
        (type, parts) -> {
          try (var flat = new FlatTensors(parts, type)) {
            group.broadcast(flat.flat(), rank);
            if (rank != group.replica().rank()) {
              flat.copyBack();
            }
          }
        });
  }

  /**
   * Brings the whole state to the first replica, for a checkpoint; all replicas call it.
   *
   * @see #letGo
   */
  public void gather() {
    for (int rank = 1; rank < loads.length; rank++) {
      if (rank == group.replica().rank()) {
        parametersOf(rank).forEach(this::send);
      } else if (group.replica().rank() == 0) {
        for (Tensor parameter : parametersOf(rank)) {
          gathered.put(Tensors.identity(parameter), receive(parameter, rank));
        }
      }
    }
  }

  private void send(Tensor parameter) {
    Map<String, Tensor> state = inner.state(parameter);
    Tensors.inScope(() -> StateMessage.send(state, group));
  }

  private Map<String, Tensor> receive(Tensor parameter, int from) {
    return StateMessage.receive(parameter, group, from);
  }

  /** Ends what {@link #gather} began: each has its share again. */
  public void letGo() {
    gathered.values().forEach(state -> state.values().forEach(Tensor::close));
    gathered.clear();
  }

  @Override
  public Map<String, Tensor> state(Tensor parameter) {
    if (isOwn(parameter)) {
      return inner.state(parameter);
    }
    Map<String, Tensor> whole = gathered.get(Tensors.identity(parameter));
    return whole == null ? new Elsewhere() : whole;
  }

  /** The state of a parameter that another replica keeps. */
  private static final class Elsewhere extends AbstractMap<String, Tensor> {
    @Override
    public @Nullable Tensor put(String name, Tensor tensor) {
      return null; // the owner does it too
    }

    @Override
    public Set<Entry<String, Tensor>> entrySet() {
      return Set.of();
    }

    @Override
    public void clear() {
      // There is nothing.
    }
  }

  @Override
  public void add(Tensor parameter, Tensor sibling) {
    inner.add(parameter, sibling);
    assign(parameter);
  }

  @Override
  public void learningRateFactor(Tensor parameter, double factor) {
    inner.learningRateFactor(parameter, factor);
  }

  @Override
  public void countAges(Tensor parameter, int warmup) {
    inner.countAges(parameter, warmup);
  }

  @Override
  public List<ParameterGroup> groups() {
    return inner.groups();
  }

  @Override
  public boolean keepsZeros() {
    return inner.keepsZeros();
  }

  @Override
  public boolean needsMatrixShape() {
    return inner.needsMatrixShape();
  }

  @Override
  public ParameterLayout layout(Tensor parameter) {
    return inner.layout(parameter);
  }

  @Override
  public void gradientsUnscaled(double scale) {
    inner.gradientsUnscaled(scale);
  }

  @Override
  public void stepSkipped() {
    inner.stepSkipped();
  }

  @Override
  public long stepsMade() {
    return inner.stepsMade();
  }
}
