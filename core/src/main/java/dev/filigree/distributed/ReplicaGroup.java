package dev.filigree.distributed;

import dev.filigree.cuda.Nccl;
import dev.filigree.io.Failures;
import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.Replica;
import dev.filigree.torch.Tensors;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.PrefixStore;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TCPStore;
import org.bytedeco.pytorch.TCPStoreOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * The replicas of one training, joined by libtorch's store and its process group of Gloo, for
 * numbers and tensors in memory, and by NCCL for tensors on GPUs. Every replica makes the same
 * calls in the same order; a call that the others do not answer within the timeout throws, and so
 * does every call once a replica is gone.
 */
public final class ReplicaGroup implements GradientExchange, AutoCloseable {
  private static final Duration TRIAL = Duration.ofMillis(50);

  /** From a failed exchange to the news of who is gone. */
  private static final Duration NEWS = Duration.ofSeconds(2);

  private final Replica replica;
  private final Duration timeout;
  private final TCPStore server;
  private final PrefixStore store;
  private final GlooTransport gloo;
  private final RollCall rollCall;
  private volatile @Nullable NcclTransport nccl; // from the first tensor on a GPU on
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong waited = new AtomicLong();

  private ReplicaGroup(Rendezvous where, Duration timeout) throws IOException {
    replica = where.replica();
    this.timeout = timeout;
    try (var _ = new PointerScope()) {
      var limit = new Milliseconds(timeout.toMillis());
      var options =
          new TCPStoreOptions()
              .port((short) where.port())
              .isServer(where.serves())
              .waitWorkers(false)
              .timeout(limit);
      server = new TCPStore(where.address(), options).retainReference();
      store = new PrefixStore("attempt" + where.attempt(), server).retainReference();
      gloo = new GlooTransport(where, store, limit);
    }
    rollCall = openRollCall(where);
  }

  private RollCall openRollCall(Rendezvous where) throws IOException {
    if (!where.serves()) {
      int port = (int) shared(0)[0];
      return RollCall.answering(
          new InetSocketAddress(where.address(), port), replica, _ -> leaveNccl());
    }
    try (var server = new ServerSocket(0, replica.size())) {
      server.setSoTimeout((int) timeout.toMillis());
      shared(server.getLocalPort());
      return RollCall.taking(server, replica, _ -> leaveNccl());
    }
  }

  /** What the first replica has, on all. */
  private double[] shared(double number) {
    try (var _ = new PointerScope()) {
      Tensor tensor = Tensors.float64(number);
      gloo.broadcast(tensor, 0).await();
      return Tensors.segment(tensor).toArray(ValueLayout.JAVA_DOUBLE);
    }
  }

  /**
   * Waits for all replicas to be there.
   *
   * @param timeout how long to wait for the others, now and in every call
   * @throws ReplicaException when they do not come in time, or the port is in use
   */
  public static ReplicaGroup join(Rendezvous where, Duration timeout) {
    try {
      if (!where.serves()) {
        awaitServer(where, timeout);
      }
      return new ReplicaGroup(where, timeout);
    } catch (IOException e) {
      throw notFound(where, timeout, Failures.reason(e), e);
    } catch (RuntimeException e) {
      throw notFound(where, timeout, Failures.reason(e), e);
    }
  }

  /** libtorch would wait too, longer between its trials, and print its stack where it gives up. */
  private static void awaitServer(Rendezvous where, Duration timeout) throws IOException {
    long end = System.nanoTime() + timeout.toNanos();
    while (true) {
      try (var socket = new Socket()) {
        socket.connect(
            new InetSocketAddress(where.address(), where.port()), (int) timeout.toMillis());
        return;
      } catch (IOException e) {
        if (System.nanoTime() > end) {
          throw e;
        }
        LockSupport.parkNanos(TRIAL.toNanos());
      }
    }
  }

  private static ReplicaException notFound(
      Rendezvous where, Duration timeout, String reason, Exception cause) {
    return new ReplicaException(
        "replica %d of %d found the others not within %d s at %s:%d: %s"
            .formatted(
                where.replica().rank(),
                where.replica().size(),
                timeout.toSeconds(),
                where.address(),
                where.port(),
                reason),
        cause);
  }

  /** Which of the replicas this is. */
  public Replica replica() {
    return replica;
  }

  /**
   * What was exchanged since the group was joined.
   *
   * @param bytes that this replica gave into sums and broadcasts; a ring over n replicas sends and
   *     receives 2 (n − 1) / n times as many
   * @param waitedSeconds for others to be there and for what was on its way
   */
  public record Traffic(long bytes, double waitedSeconds) {
    /** What was exchanged since an earlier moment. */
    public Traffic since(Traffic earlier) {
      return new Traffic(bytes - earlier.bytes, waitedSeconds - earlier.waitedSeconds);
    }
  }

  /** What was exchanged until now. */
  public Traffic traffic() {
    return new Traffic(bytes.get(), waited.get() / 1e9);
  }

  @Override
  public void average(List<Tensor> tensors) {
    Map<ScalarType, List<FlatTensors.Part>> byType = new LinkedHashMap<>();
    for (Tensor tensor : tensors) {
      byType
          .computeIfAbsent(Tensors.type(tensor), _ -> new ArrayList<>())
          .add(FlatTensors.Part.whole(tensor));
    }
    Tensors.inScope(
        () ->
            byType.forEach(
                (type, parts) -> {
                  try (var flat = new FlatTensors(parts, type)) {
                    begin(flat.flat()).run();
                    flat.copyBack();
                  }
                }));
  }

  @Override
  public double[] average(double... numbers) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      Tensor tensor = Tensors.float64(numbers);
      begin(tensor).run();
      return Tensors.segment(tensor).toArray(ValueLayout.JAVA_DOUBLE);
    }
  }

  @Override
  public Runnable begin(Tensor tensor) {
    Tensor held = new Tensor(tensor).retainReference();
    Transport.Transfer transfer = start(held, transport -> transport.sum(held));
    return () -> {
      await(transfer);
      try (var _ = new PointerScope();
          var _ = new NoGradGuard();
          held) {
        held.div_(new Scalar((double) replica.size()));
      }
    };
  }

  /**
   * Puts what one replica has in the place of the others' tensor.
   *
   * @param tensor contiguous, of the same number of elements and type on every replica
   * @param root the rank of that replica
   */
  public void broadcast(Tensor tensor, int root) {
    await(start(tensor, transport -> transport.broadcast(tensor, root)));
  }

  /**
   * Sends a contiguous tensor to one replica, which calls {@link #receive} with one of the same
   * size and type.
   */
  public void send(Tensor tensor, int to) {
    await(start(tensor, transport -> transport.send(tensor, to)));
  }

  /** Takes what another replica sends with {@link #send} into a contiguous tensor. */
  public void receive(Tensor tensor, int from) {
    await(start(tensor, transport -> transport.receive(tensor, from)));
  }

  /** Waits until all replicas have called it. */
  public void barrier() {
    average(0.0);
  }

  private Transport.Transfer start(
      Tensor tensor, Function<Transport, Transport.Transfer> collective) {
    checkAllThere();
    bytes.addAndGet(tensor.numel() * tensor.element_size());
    try {
      return collective.apply(tensor.is_cuda() ? nccl(tensor) : gloo);
    } catch (ReplicaException e) {
      throw e;
    } catch (RuntimeException e) {
      throw gone(e);
    }
  }

  /** The GPUs find each other through what the first replica sends in memory. */
  private synchronized Transport nccl(Tensor tensor) {
    if (nccl == null) {
      Nccl.obstacle()
          .ifPresent(
              reason -> {
                throw new ReplicaException("replicas on GPUs need NCCL: " + reason);
              });
      byte[] id = replica.rank() == 0 ? Nccl.newId() : new byte[Nccl.ID_BYTES];
      try (var _ = new PointerScope()) {
        Tensor shared =
            torch.empty(
                new long[] {id.length},
                new TensorOptions(ScalarType.Byte),
                new MemoryFormatOptional());
        Tensors.segment(shared).copyFrom(MemorySegment.ofArray(id));
        broadcast(shared, 0);
        id = Tensors.segment(shared).toArray(ValueLayout.JAVA_BYTE);
      }
      nccl =
          new NcclTransport(
              new Nccl(tensor.device().index(), id, replica.rank(), replica.size()), timeout);
    }
    return nccl;
  }

  private void await(Transport.Transfer transfer) {
    try {
      transfer.reach();
      long begun = System.nanoTime();
      transfer.await();
      waited.addAndGet(System.nanoTime() - begun);
    } catch (RuntimeException e) {
      throw gone(e);
    }
  }

  private void checkAllThere() {
    OptionalInt lost = rollCall.lost();
    if (lost.isPresent()) {
      throw new ReplicaException(isGone(lost.getAsInt()));
    }
  }

  private String isGone(int rank) {
    return "replica %d of %d: replica %d is gone".formatted(replica.rank(), replica.size(), rank);
  }

  private ReplicaException gone(RuntimeException e) {
    OptionalInt lost = rollCall.lost(NEWS);
    if (lost.isPresent()) {
      return new ReplicaException(isGone(lost.getAsInt()), e);
    }
    return new ReplicaException(
        "replica %d of %d: another one is gone or did not answer within %d s (%s)"
            .formatted(replica.rank(), replica.size(), timeout.toSeconds(), Failures.reason(e)),
        e);
  }

  private void leaveNccl() {
    NcclTransport transport = nccl;
    if (transport != null) {
      transport.close();
    }
  }

  /** Leaves the group; what is still on its way fails. */
  @Override
  public void close() {
    rollCall.close();
    leaveNccl();
    gloo.close();
    store.close();
    server.close();
  }
}
