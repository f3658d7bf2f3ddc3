package dev.filigree.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.optim.Replica;
import dev.filigree.torch.Tensors;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class ReplicaGroupTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private static double[] values(Tensor tensor) {
    return Tensors.segment(tensor.to(ScalarType.Double).contiguous())
        .toArray(ValueLayout.JAVA_DOUBLE);
  }

  @Test
  void meansOfTensorsOfSeveralTypesAndOfNumbersAreEveryones() throws Exception {
    List<List<double[]>> results =
        LocalReplicas.run(
            3,
            TIMEOUT,
            group -> {
              int rank = group.replica().rank();
              Tensor single = Tensors.float64(rank, 3 * rank).to(ScalarType.Float).t_();
              Tensor matrix = Tensors.float64(rank, 1, 2, 3).view(2, 2).to(ScalarType.BFloat16).t();
              Tensor exact = Tensors.float64(0.1 * rank);
              group.average(List.of(single, matrix, exact));
              double[] numbers = group.average(rank, 1e15 + rank);
              group.barrier();
              return List.of(values(single), values(matrix), values(exact), numbers);
            });
    for (List<double[]> result : results) {
      assertThat(result.get(0)).containsExactly(1, 3);
      assertThat(result.get(1)).containsExactly(1, 2, 1, 3);
      assertThat(result.get(2)).containsExactly((0.1 + 0.2) / 3);
      assertThat(result.get(3)).containsExactly(1, 1e15 + 1);
    }
  }

  @Test
  void tensorsGoFromOneToAllAndFromOneToAnother() throws Exception {
    List<List<double[]>> results =
        LocalReplicas.run(
            2,
            TIMEOUT,
            group -> {
              int rank = group.replica().rank();
              Tensor shared = Tensors.float64(rank, rank + 10);
              group.broadcast(shared, 1);
              Tensor given = Tensors.float64(rank == 0 ? 7 : 0);
              if (rank == 0) {
                group.send(given, 1);
              } else {
                group.receive(given, 0);
              }
              assertThat(group.traffic().bytes()).isEqualTo(3 * Double.BYTES);
              return List.of(values(shared), values(given));
            });
    for (List<double[]> result : results) {
      assertThat(result.get(0)).containsExactly(1, 11);
      assertThat(result.get(1)).containsExactly(7);
    }
  }

  @Test
  void oneThatDoesNotAnswerEndsTheWaitOfTheOthersWithALine() {
    assertThatThrownBy(
            () ->
                LocalReplicas.run(
                    2,
                    Duration.ofSeconds(2),
                    group -> {
                      if (group.replica().rank() == 0) {
                        return group.average(1.0);
                      }
                      Thread.sleep(6000); // it is there, and busy
                      return new double[0];
                    }))
        .isInstanceOf(ReplicaException.class)
        .hasMessageStartingWith(
            "replica 0 of 2: another one is gone or did not answer within 2 s (");
  }

  @Test
  void oneThatIsGoneEndsTheWaitOfTheOthersAtOnceAndIsNamed() {
    long begun = System.nanoTime();
    assertThatThrownBy(
            () ->
                LocalReplicas.run(
                    3,
                    Duration.ofMinutes(5),
                    group -> {
                      group.barrier();
                      if (group.replica().rank() == 2) {
                        return new double[0];
                      }
                      if (group.replica().rank() == 1) {
                        Thread.sleep(1000); // computes meanwhile
                      }
                      return group.average(1.0);
                    }))
        .isInstanceOf(ReplicaException.class)
        .hasMessage("replica 0 of 3: replica 2 is gone");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(30));
  }

  @Test
  void oneWithoutOthersSaysWhereItLookedForThem() {
    int port = LocalReplicas.freePort();
    var where = new Rendezvous(new Replica(1, 2), "127.0.0.1", port, 0);
    assertThatThrownBy(() -> ReplicaGroup.join(where, Duration.ofSeconds(1)))
        .isInstanceOf(ReplicaException.class)
        .hasMessageStartingWith(
            "replica 1 of 2 found the others not within 1 s at 127.0.0.1:" + port + ": ");
  }

  @Test
  void aPlaceThatCannotBeIsRefused() {
    Replica replica = new Replica(1, 2, 0);
    assertThatThrownBy(() -> new Rendezvous(replica, "host", 70000, 0))
        .hasMessage("port must be in [1, 65535], found 70000");
    assertThatThrownBy(() -> new Rendezvous(replica, " ", 1, 0))
        .hasMessage("address must not be empty");
    assertThatThrownBy(() -> new Rendezvous(replica, "host", 1, -1))
        .hasMessage("attempt must be at least 0, found -1");
    assertThatThrownBy(() -> new Replica(1, 4, 2))
        .hasMessage("localRank must be in [0, rank], found 2 for rank 1");
  }
}
