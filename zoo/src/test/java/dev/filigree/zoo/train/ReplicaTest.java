package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.Replica;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.data.DataLoader;
import dev.filigree.zoo.data.DataSources;
import dev.filigree.zoo.train.event.RunSummary;
import dev.filigree.zoo.train.event.TrainingException;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplicaTest {
  private static final String[] SMALL = {"loop.grad_accum_steps=1", "loop.stop_at=6"};

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void prepare() throws IOException {
    tiny = new TinyRun(folder);
  }

  /** Threads of one process, which meet and take the mean of what they hold. */
  private static final class Meeting {
    private final List<List<Tensor>> held = new ArrayList<>();
    private final CyclicBarrier arrived;
    private final CyclicBarrier left;

    Meeting(int size) {
      for (int i = 0; i < size; i++) {
        held.add(List.of());
      }
      arrived = new CyclicBarrier(size, this::average);
      left = new CyclicBarrier(size);
    }

    GradientExchange of(Replica replica) {
      return tensors -> {
        held.set(replica.rank(), tensors);
        try {
          arrived.await(1, TimeUnit.MINUTES);
          left.await(1, TimeUnit.MINUTES);
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      };
    }

    private void average() {
      try (var _ = new PointerScope();
          var _ = new NoGradGuard()) {
        for (int i = 0; i < held.getFirst().size(); i++) {
          Tensor sum = held.getFirst().get(i).clone();
          for (List<Tensor> other : held.subList(1, held.size())) {
            sum.add_(other.get(i));
          }
          sum.div_(new Scalar((double) held.size()));
          for (List<Tensor> each : held) {
            each.get(i).copy_(sum);
          }
        }
      }
    }
  }

  private static long[] ids(Batch batch) {
    return Tensors.segment(batch.inputs()).toArray(ValueLayout.JAVA_LONG);
  }

  @Test
  void twoLoadersTogetherReadTheBatchesOfOne() throws IOException {
    RunConfig config = tiny.config("train_dataloader.batch_size=96");
    DataLoader one = DataSources.loader(config.trainData());
    DataLoader first = DataSources.loader(config.trainData(), new Replica(0, 2));
    DataLoader second = DataSources.loader(config.trainData(), new Replica(1, 2));
    for (int i = 0; i < 50; i++) { // into the second epoch, whose order is another
      long[] whole = ids(one.next());
      long[] shares =
          LongStream.concat(LongStream.of(ids(first.next())), LongStream.of(ids(second.next())))
              .toArray();
      assertThat(shares).isEqualTo(whole);
    }
    assertThat(one.epoch()).isPositive();
    assertThat(first.state()).isEqualTo(one.state()).isEqualTo(second.state());
  }

  @Test
  void aBatchThatDoesNotComeApartIsRefused() {
    assertThatThrownBy(() -> new Session(tiny.config(), new Replica(0, 3), tensors -> {}))
        .isInstanceOf(TrainingException.class)
        .hasMessage("train_dataloader: micro_batch_size 2 is no multiple of the 3 replicas");
    assertThatThrownBy(() -> new Session(tiny.config(), new Replica(1, 2), GradientExchange.none()))
        .hasMessageContaining("exchanges no gradients");
  }

  @Test
  void aStepExchangesOnceAndClipsWhatCameBack() {
    var calls = new ArrayList<Double>();
    GradientExchange tenfold =
        tensors -> {
          double before = Math.sqrt(tensors.stream().mapToDouble(ReplicaTest::square).sum());
          tensors.forEach(tensor -> tensor.mul_(new Scalar(10.0)));
          calls.add(before);
        };
    try (var session = new Session(tiny.config("sparsity=none"), Replica.alone(), tenfold)) {
      TrainingStep.Outcome outcome;
      try (var step = new TrainingStep(session)) {
        outcome = step.make(0, false);
      }
      assertThat(calls).hasSize(1);
      assertThat(outcome.norms().all()).isCloseTo(10 * calls.getFirst(), within(1e-3));
      double clipped =
          Math.sqrt(session.trained().stream().mapToDouble(each -> square(each.grad())).sum());
      assertThat(clipped).isCloseTo(1, within(1e-3));
    }
  }

  private static double square(Tensor tensor) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      return tensor.mul(tensor).sum().item_double();
    }
  }

  @Test
  void dropoutDiffersByReplicaAndThatOfTheFirstIsThatOfOneProcess() {
    long seed = 1234;
    assertThat(Replica.alone().seed(seed)).isEqualTo(new Replica(0, 2).seed(seed)).isEqualTo(seed);
    assertThat(new Replica(1, 2).seed(seed))
        .isNotEqualTo(new Replica(2, 3).seed(seed))
        .isNotEqualTo(seed);
  }

  @Test
  void twoReplicasMakeTheStepsOfOneProcessAndTheFirstAloneWrites() throws Exception {
    Path alone = folder.resolve("alone");
    RunSummary one = tiny.train(alone, SMALL);
    Path together = folder.resolve("together");
    var meeting = new Meeting(2);
    List<RunSummary> two = new ArrayList<>();
    try (var threads = Executors.newFixedThreadPool(2)) {
      var runs = new ArrayList<Future<RunSummary>>();
      for (int rank = 0; rank < 2; rank++) {
        var replica = new Replica(rank, 2);
        runs.add(threads.submit(() -> train(together, replica, meeting.of(replica))));
      }
      for (Future<RunSummary> run : runs) {
        two.add(run.get());
      }
    }
    assertThat(two.getFirst().positions()).isEqualTo(one.positions());
    for (RunSummary replica : two) {
      assertThat(replica.trainLoss()).isCloseTo(one.trainLoss(), within(1e-3));
      assertThat(replica.evalLoss()).isCloseTo(one.evalLoss(), within(1e-3));
      assertThat(replica.layers()).isEqualTo(one.layers());
    }
    assertThat(two.getFirst().trainLoss()).isEqualTo(two.getLast().trainLoss());
    assertThat(two.getFirst().evalLoss()).isEqualTo(two.getLast().evalLoss());
    assertThat(TinyRun.rows(together, "train")).hasSize(6);
    assertThat(TinyRun.rows(together, "end")).hasSize(1);
    try (var checkpoints = Files.list(together.resolve("checkpoints"))) {
      assertThat(checkpoints).hasSize(1);
    }
    // A run of two goes on as one.
    assertThat(TinyRun.resume(together, "loop.stop_at=8").steps()).isEqualTo(8);
  }

  private RunSummary train(Path run, Replica replica, GradientExchange exchange)
      throws ExecutionException {
    try (Trainer trainer = Trainer.start(tiny.config(SMALL), run, replica, exchange)) {
      return trainer.run();
    }
  }
}
