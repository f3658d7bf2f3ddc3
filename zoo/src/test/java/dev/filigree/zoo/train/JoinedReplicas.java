package dev.filigree.zoo.train;

import dev.filigree.distributed.Rendezvous;
import dev.filigree.distributed.ReplicaGroup;
import dev.filigree.optim.Replica;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;

/**
 * Replicas in threads of this process, joined by real process groups, for one test after another.
 */
final class JoinedReplicas implements AutoCloseable {
  private final ExecutorService threads;
  private final List<ReplicaGroup> groups;

  /** What a replica does. */
  interface Work<T> {
    T of(ReplicaGroup group) throws Exception;
  }

  JoinedReplicas(int size) throws Exception {
    int port = freePort();
    threads = Executors.newFixedThreadPool(size);
    var joining = new ArrayList<Future<ReplicaGroup>>();
    for (int rank = 0; rank < size; rank++) {
      var where = new Rendezvous(new Replica(rank, size), "127.0.0.1", port, 0);
      joining.add(
          threads.submit(
              () -> {
                torch.set_num_threads(1); // of this thread's operations
                return ReplicaGroup.join(where, Duration.ofSeconds(60));
              }));
    }
    groups = results(joining);
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** What each replica comes to, by rank. */
  <T> List<T> run(Work<T> work) throws Exception {
    var running = new ArrayList<Future<T>>();
    for (ReplicaGroup group : groups) {
      running.add(
          threads.submit(
              () -> {
                try (var _ = new PointerScope()) {
                  return work.of(group);
                }
              }));
    }
    return results(running);
  }

  private static <T> List<T> results(List<Future<T>> running) throws Exception {
    var results = new ArrayList<T>();
    Exception failure = null;
    for (Future<T> each : running) { // all of them, so that none is in a later test's way
      try {
        results.add(each.get());
      } catch (ExecutionException e) {
        failure = e.getCause() instanceof Exception cause ? cause : e;
      }
    }
    if (failure != null) {
      throw failure;
    }
    return results;
  }

  @Override
  public void close() {
    groups.forEach(ReplicaGroup::close);
    threads.shutdownNow();
  }
}
