package dev.filigree.distributed;

import dev.filigree.optim.Replica;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.PointerScope;

/** Replicas in threads of this process, joined by real process groups. */
final class LocalReplicas {
  private LocalReplicas() {}

  /** What a replica does. */
  interface Work<T> {
    T of(ReplicaGroup group) throws Exception;
  }

  static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The results by rank. */
  static <T> List<T> run(int size, Duration timeout, Work<T> work) throws Exception {
    int port = freePort();
    var running = new ArrayList<Future<T>>();
    try (var threads = Executors.newFixedThreadPool(size)) {
      for (int rank = 0; rank < size; rank++) {
        var where = new Rendezvous(new Replica(rank, size), "127.0.0.1", port, 0);
        running.add(
            threads.submit(
                () -> {
                  try (var _ = new PointerScope();
                      var group = ReplicaGroup.join(where, timeout)) {
                    return work.of(group);
                  }
                }));
      }
    }
    var results = new ArrayList<T>();
    for (Future<T> each : running) {
      results.add(result(each));
    }
    return results;
  }

  private static <T> T result(Future<T> running) throws Exception {
    try {
      return running.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }
}
