package dev.filigree.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * NVIDIA's library of collectives, the one that libtorch is linked with: the place of one GPU in a
 * group of them. Collectives run on a stream of their own, beside what the GPU computes. All
 * members call the same ones in the same order.
 */
public final class Nccl implements AutoCloseable {
  /** Bytes of what the members of a group know each other by. */
  public static final int ID_BYTES = 128;

  private static final StructLayout ID =
      MemoryLayout.structLayout(MemoryLayout.sequenceLayout(ID_BYTES, JAVA_BYTE));
  private static final int SUM = 0; // of ncclRedOp_t
  private static final long LONGEST_TEXT = 1024;
  private static final Duration PAUSE = Duration.ofNanos(20_000);

  /** What elements are, by their number in ncclDataType_t. */
  public enum Type {
    /** Elements that are only passed on. */
    BYTE(1),
    /** 16-bit floats, as IEEE 754 has them. */
    FLOAT16(6),
    /** 32-bit floats. */
    FLOAT32(7),
    /** 64-bit floats. */
    FLOAT64(8),
    /** 16-bit floats with the exponent of float32. */
    BFLOAT16(9);

    private final int number;

    Type(int number) {
      this.number = number;
    }
  }

  /** The library of this machine. */
  private static final class Library {
    static final Optional<NativeLibrary> FOUND = NativeLibrary.find("libnccl.so.2");
  }

  /** Its functions. */
  private static final class Functions {
    static final MethodHandle GET_ID = of("ncclGetUniqueId", ADDRESS);
    static final MethodHandle INIT = of("ncclCommInitRank", ADDRESS, JAVA_INT, ID, JAVA_INT);
    static final MethodHandle ALL_REDUCE =
        of(
            "ncclAllReduce",
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG);
    static final MethodHandle BROADCAST =
        of(
            "ncclBroadcast",
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG);
    static final MethodHandle SEND =
        of("ncclSend", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle RECEIVE =
        of("ncclRecv", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle ABORT = of("ncclCommAbort", JAVA_LONG);
    static final MethodHandle ERROR_TEXT = text("ncclGetErrorString");

    private static MethodHandle of(String name, MemoryLayout... arguments) {
      return library().function(name, arguments);
    }

    private static NativeLibrary library() {
      return Library.FOUND.orElseThrow();
    }

    @SuppressWarnings("restricted") // as NCCL's header declares it
    private static MethodHandle text(String name) {
      return Linker.nativeLinker()
          .downcallHandle(
              library().symbols().find(name).orElseThrow(),
              FunctionDescriptor.of(ADDRESS, JAVA_INT));
    }
  }

  private final Driver driver = Driver.get();
  private final long context;
  private final long stream;
  private volatile long communicator; // 0 once the group is left

  /** Why GPUs cannot exchange anything here, half a sentence; empty where they can. */
  public static Optional<String> obstacle() {
    return Library.FOUND.isPresent()
        ? CudaDevice.obstacle()
        : Optional.of("NCCL is not installed (libnccl.so.2)");
  }

  /**
   * Waits for all members of a group.
   *
   * @param device the number of this member's GPU
   * @param id what one of them made and gave to all
   * @throws CudaException when NCCL refuses
   */
  public Nccl(int device, byte[] id, int rank, int size) {
    context = driver.retainPrimaryContext(driver.device(device));
    long[] made = new long[2];
    driver.inContext(
        context,
        () -> {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ID);
            value.copyFrom(MemorySegment.ofArray(id));
            MemorySegment to = arena.allocate(JAVA_LONG);
            check(
                "ncclCommInitRank", () -> (int) Functions.INIT.invokeExact(to, size, value, rank));
            made[0] = to.get(JAVA_LONG, 0);
            made[1] = driver.newStream();
          }
        });
    communicator = made[0];
    stream = made[1];
  }

  /** What the members of a new group know each other by, {@value #ID_BYTES} bytes. */
  public static byte[] newId() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment id = arena.allocate(ID);
      check("ncclGetUniqueId", () -> (int) Functions.GET_ID.invokeExact(id));
      return id.toArray(JAVA_BYTE);
    }
  }

  private static void check(String what, Calls.Call call) {
    int error = Calls.of(call);
    if (error != 0) {
      throw new CudaException(what + ": " + text(error));
    }
  }

  @SuppressWarnings("restricted") // the function returns constant texts
  private static String text(int error) {
    try {
      return ((MemorySegment) Functions.ERROR_TEXT.invokeExact(error))
          .reinterpret(LONGEST_TEXT)
          .getString(0);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Puts the sum over all members in the place of some numbers.
   *
   * @param address of the numbers on the GPU
   * @param computing the handle of the stream that makes them
   */
  public Collective sum(long address, long count, Type type, long computing) {
    return queue(
        "ncclAllReduce",
        computing,
        () ->
            (int)
                Functions.ALL_REDUCE.invokeExact(
                    address, address, count, type.number, SUM, communicator, stream));
  }

  /**
   * Puts what one member has in the place of the others' bytes.
   *
   * @param root its rank
   */
  public Collective broadcast(long address, long bytes, int root, long computing) {
    return queue(
        "ncclBroadcast",
        computing,
        () ->
            (int)
                Functions.BROADCAST.invokeExact(
                    address, address, bytes, Type.BYTE.number, root, communicator, stream));
  }

  /** Sends bytes to a member that calls {@link #receive}. */
  public Collective send(long address, long bytes, int to, long computing) {
    return queue(
        "ncclSend",
        computing,
        () ->
            (int)
                Functions.SEND.invokeExact(
                    address, bytes, Type.BYTE.number, to, communicator, stream));
  }

  /** Takes bytes from a member that calls {@link #send}. */
  public Collective receive(long address, long bytes, int from, long computing) {
    return queue(
        "ncclRecv",
        computing,
        () ->
            (int)
                Functions.RECEIVE.invokeExact(
                    address, bytes, Type.BYTE.number, from, communicator, stream));
  }

  /** Queues a collective behind what is queued on the stream that computes. */
  private Collective queue(String what, long computing, Calls.Call call) {
    long[] done = new long[1];
    driver.inContext(
        context,
        () -> {
          long ready = driver.newEvent(computing);
          driver.await(stream, ready);
          driver.forget(ready);
          check(what, call);
          done[0] = driver.newEvent(stream);
        });
    return new Collective(computing, done[0]);
  }

  /** A collective on its way. */
  public final class Collective {
    private final long computing;
    private final long done;

    private Collective(long computing, long done) {
      this.computing = computing;
      this.done = done;
    }

    /** Waits until the stream that computes has nothing left to do meanwhile. */
    public void reach() {
      driver.inContext(context, () -> driver.synchronize(computing));
    }

    /**
     * Waits for the end.
     *
     * @throws CudaException when it does not come in time, and the group is left then; or when the
     *     group was left meanwhile
     */
    public void await(Duration timeout) {
      driver.inContext(
          context,
          () -> {
            long end = System.nanoTime() + timeout.toNanos();
            while (!driver.hasHappened(done)) {
              if (System.nanoTime() > end) {
                close();
                throw new CudaException("NCCL waited " + timeout.toSeconds() + " s");
              }
              pause();
            }
            driver.forget(done);
            if (communicator == 0) {
              throw new CudaException("the group of NCCL was left before the end");
            }
          });
    }

    private static void pause() {
      try {
        TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CudaException("interrupted while NCCL was waited for");
      }
    }
  }

  /** Leaves the group, on any thread; what is still on its way ends. */
  @Override
  public synchronized void close() {
    if (communicator != 0) {
      long leaving = communicator;
      communicator = 0;
      driver.inContext(
          context, () -> check("ncclCommAbort", () -> (int) Functions.ABORT.invokeExact(leaving)));
    }
  }
}
