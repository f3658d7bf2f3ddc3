package dev.filigree.distributed;

import dev.filigree.optim.GradientExchange;
import dev.filigree.torch.DirectGradients;
import dev.filigree.torch.GradientHook;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Averages the gradients of a model over its replicas while the backward pass that completes them
 * still runs. Gradients are gathered in buckets in the reverse order of their parameters, about the
 * order in which they arrive, and a bucket leaves as soon as it and all before it are complete: so
 * the order is the same on every replica (Li et al. 2020, PyTorch Distributed, section 3.2.3). What
 * is sent are the weights that exist.
 *
 * <p>{@link #expect} before the last backward pass of a step, {@link #finish} after it.
 */
public final class GradientBuckets implements AutoCloseable {
  /** What a bucket holds unless a single gradient is larger, bytes. */
  public static final long BUCKET_BYTES = 25L << 20;

  private final GradientExchange exchange;
  private final KeptPositions kept;
  private final ScalarType wire;
  private final long bucketBytes;
  private final List<Member> members = new ArrayList<>();

  private List<Bucket> buckets = List.of();
  private int sent; // buckets that are on their way
  private boolean expecting;
  private @Nullable Member last; // whose gradient arrived last, and is not stored yet
  private @Nullable Throwable failure;

  /**
   * Buckets of the usual size.
   *
   * @param parameters those that an optimizer updates, in the same order on every replica
   * @param kept which of their elements exist
   * @param wire the type that gradients are sent and summed in
   */
  public GradientBuckets(
      GradientExchange exchange, List<Tensor> parameters, KeptPositions kept, ScalarType wire) {
    this(exchange, parameters, kept, wire, BUCKET_BYTES);
  }

  GradientBuckets(
      GradientExchange exchange,
      List<Tensor> parameters,
      KeptPositions kept,
      ScalarType wire,
      long bucketBytes) {
    this.exchange = exchange;
    this.kept = kept;
    this.wire = wire;
    this.bucketBytes = bucketBytes;
    for (Tensor parameter : parameters.reversed()) {
      members.add(new Member(parameter));
    }
  }

  /** Says that the next backward pass completes the gradients of a step. */
  public void expect() {
    buckets = new ArrayList<>();
    var bucket = new Bucket();
    for (Member member : members) {
      long bytes = elements(member.parameter) * bytes(wire);
      if (bucket.bytes > 0 && bucket.bytes + bytes > bucketBytes) {
        buckets.add(bucket);
        bucket = new Bucket();
      }
      bucket.add(member, bytes);
    }
    buckets.add(bucket);
    sent = 0;
    last = null;
    failure = null;
    expecting = true;
  }

  private long elements(Tensor parameter) {
    return kept.of(parameter).map(Tensor::numel).orElseGet(parameter::numel);
  }

  private static int bytes(ScalarType type) {
    return type == ScalarType.Float ? Float.BYTES : Short.BYTES;
  }

  /** Waits for the means, which are the gradients then. */
  public void finish() {
    expecting = false;
    rethrow();
    Tensors.inScope(
        () -> {
          while (sent < buckets.size()) {
            buckets.get(sent++).send();
          }
          buckets.forEach(Bucket::receive);
          List<Tensor> changed =
              members.stream()
                  .filter(member -> member.changed)
                  .map(member -> member.parameter.grad())
                  .toList();
          if (!changed.isEmpty()) {
            exchange.average(changed);
          }
        });
    buckets = List.of();
  }

  /** What a hook threw would have lost its type on its way through libtorch. */
  private void rethrow() {
    switch (failure) {
      case null -> {}
      case RuntimeException exception -> throw exception;
      case Error error -> throw error;
      case Throwable other -> throw new IllegalStateException(other);
    }
  }

  /**
   * A gradient arrived.
   *
   * @param stored whether it is stored; else it is once this hook has run, before the next one does
   */
  private void arrived(Member member, boolean stored) {
    if (!expecting || failure != null) {
      return;
    }
    try {
      if (last != null) {
        last.complete = true;
      }
      last = stored ? null : member;
      member.complete = stored; // again, where a second one comes in a backward pass of its own
      member.changed = member.sent;
      while (sent < buckets.size() && buckets.get(sent).isComplete()) {
        buckets.get(sent++).send();
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    }
  }

  /** Takes the hooks from the parameters. */
  @Override
  public void close() {
    members.forEach(Member::leave);
  }

  /** Gradients that are sent together. */
  private final class Bucket {
    private final List<Member> members = new ArrayList<>();
    private long bytes;
    private final List<Member> inFlat = new ArrayList<>();
    private @Nullable FlatTensors flat; // null where no parameter has a gradient
    private Runnable end = () -> {};

    void add(Member member, long more) {
      member.complete = false;
      member.sent = false;
      member.changed = false;
      members.add(member);
      bytes += more;
    }

    boolean isComplete() {
      return members.stream().allMatch(member -> member.complete);
    }

    void send() {
      var parts = new ArrayList<FlatTensors.Part>();
      for (Member member : members) {
        member.sent = true;
        Tensor gradient = member.parameter.grad();
        if (gradient.defined()) {
          inFlat.add(member);
          parts.add(new FlatTensors.Part(gradient, kept.of(member.parameter)));
        }
      }
      if (!parts.isEmpty()) {
        flat = new FlatTensors(parts, wire);
        end = exchange.begin(flat.flat());
      }
    }

    void receive() {
      end.run();
      if (flat != null) {
        flat.copyBack(i -> !inFlat.get(i).changed);
        flat.close();
      }
    }
  }

  private final class Member extends GradientHook {
    private final Tensor parameter;
    private final int registration;
    private boolean complete;
    private boolean sent;
    private boolean changed; // after it was sent

    Member(Tensor parameter) {
      this.parameter = new Tensor(parameter).retainReference();
      registration = parameter.register_hook(this);
      DirectGradients.listen(parameter, () -> Tensors.inScope(() -> arrived(this, true)));
    }

    @Override
    protected Tensor receive(Tensor gradient) {
      arrived(this, false);
      return gradient;
    }

    void leave() {
      DirectGradients.forget(parameter);
      parameter.remove_hook(registration);
      parameter.close();
      close();
    }
  }
}
