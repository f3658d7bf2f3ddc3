package dev.filigree.distributed;

import dev.filigree.optim.Replica;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;

/**
 * Who of the replicas is still there: each keeps a connection to the first one and sends a number
 * over it every second. A process that dies loses its connections at once, a machine that vanishes
 * falls silent; the first replica tells the others who it was. Without it those that wait for NCCL
 * would not hear of either.
 */
final class RollCall implements AutoCloseable {
  private static final Duration BEAT = Duration.ofSeconds(1);

  /** Longer than a busy machine stops a process for. */
  private static final Duration SILENCE = Duration.ofSeconds(30);

  private static final int PRESENT = -1;

  private final CompletableFuture<Integer> lost = new CompletableFuture<>();
  private final List<Line> lines = new ArrayList<>();
  private volatile boolean closed;

  /** A connection to another replica. */
  private record Line(int rank, Socket socket, DataInputStream in, DataOutputStream out) {
    static Line over(Socket socket, int rank) throws IOException {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout((int) SILENCE.toMillis());
      return new Line(
          rank,
          socket,
          new DataInputStream(socket.getInputStream()),
          new DataOutputStream(socket.getOutputStream()));
    }

    synchronized void say(int number) throws IOException {
      out.writeInt(number);
    }
  }

  private RollCall(IntConsumer whenLost) {
    CompletableFuture<Void> _ = lost.thenAccept(whenLost::accept);
  }

  /**
   * Takes the connections of all others, on the first replica.
   *
   * @param whenLost told the rank of the first that is gone, on a thread of its own
   */
  static RollCall taking(ServerSocket server, Replica replica, IntConsumer whenLost)
      throws IOException {
    var call = new RollCall(whenLost);
    try {
      while (call.lines.size() < replica.size() - 1) {
        call.lines.add(accepted(server.accept()));
      }
    } catch (IOException e) {
      call.close();
      throw e;
    }
    call.begin();
    return call;
  }

  private static Line accepted(Socket socket) throws IOException {
    int rank = new DataInputStream(socket.getInputStream()).readInt();
    return Line.over(socket, rank);
  }

  /** Connects to the first replica, from another one. */
  static RollCall answering(InetSocketAddress first, Replica replica, IntConsumer whenLost)
      throws IOException {
    var call = new RollCall(whenLost);
    var socket = new Socket();
    try {
      socket.connect(first, (int) SILENCE.toMillis());
      Line line = Line.over(socket, 0);
      line.say(replica.rank());
      call.lines.add(line);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
    call.begin();
    return call;
  }

  private void begin() {
    for (Line line : lines) {
      Thread.ofVirtual().name("roll-call-" + line.rank).start(() -> listen(line));
    }
    Thread.ofVirtual().name("roll-call").start(this::beat);
  }

  private void listen(Line line) {
    try {
      while (true) {
        int number = line.in.readInt();
        if (number != PRESENT) {
          isGone(number);
        }
      }
    } catch (IOException e) { // its end, or silence
      isGone(line.rank);
    }
  }

  private void beat() {
    while (!closed) {
      for (Line line : lines) {
        tell(line, PRESENT);
      }
      pause();
    }
  }

  private static void pause() {
    try {
      TimeUnit.NANOSECONDS.sleep(BEAT.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void tell(Line line, int number) {
    try {
      line.say(number);
    } catch (IOException e) {
      isGone(line.rank);
    }
  }

  private void isGone(int rank) {
    if (!closed && lost.complete(rank)) {
      for (Line line : lines) {
        if (line.rank != rank) {
          tell(line, rank);
        }
      }
    }
  }

  /** The rank of the first replica that is gone. */
  OptionalInt lost() {
    return lost(Duration.ZERO);
  }

  /** The same, waiting a while for it to be known. */
  OptionalInt lost(Duration patience) {
    try {
      return OptionalInt.of(lost.get(patience.toNanos(), TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      return OptionalInt.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return OptionalInt.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Line line : lines) {
      try {
        line.socket.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
