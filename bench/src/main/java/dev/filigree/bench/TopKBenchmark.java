package dev.filigree.bench;

import dev.filigree.mask.Masks;
import dev.filigree.mask.RandomScores;
import dev.filigree.mask.ScoreShaper;
import dev.filigree.mask.SelectionGroups;
import dev.filigree.mask.TieBreak;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * A mask from magnitudes: ours, and torch.topk with a scatter into a mask, which is what PyTorch's
 * sparsity libraries do. Run it with {@code java ... org.openjdk.jmh.Main TopKBenchmark}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "--add-modules=jdk.incubator.vector"})
public class TopKBenchmark {
  private static final long COLUMNS = 4096;

  /** Million scores. */
  @Param({"1", "16", "100"})
  public int millions;

  /** Whether scores are all different or whole numbers, so that the line goes through ties. */
  @Param({"different", "tied"})
  public String scoreKind = "";

  private final PointerScope scope = new PointerScope();
  private Tensor scores = new Tensor();
  private SelectionGroups flat = ScoreShaper.flat().group("weight", 1);
  private SelectionGroups twoOfFour = flat;

  /** Draws the scores: magnitudes of a normal distribution. */
  @Setup(Level.Trial)
  public void draw() {
    long rows = millions * 1_000_000L / COLUMNS;
    Tensor uniform = RandomScores.of(1, "weight", 0).tensor(new Device("cpu"), rows, COLUMNS);
    scores =
        scoreKind.equals("tied")
            ? uniform.mul(new Scalar(100f)).floor_()
            : uniform.sub_(new Scalar(0.5f)).erfinv_().abs_();
    flat = ScoreShaper.flat().group("weight", rows, COLUMNS);
    twoOfFour = ScoreShaper.nOfM(2, 4).group("weight", rows, COLUMNS);
  }

  /** Frees the scores. */
  @TearDown(Level.Trial)
  public void free() {
    scope.close();
  }

  /** Ours: exact count, the lower index wins ties. */
  @Benchmark
  public void masksTopK(Blackhole blackhole) {
    try (var _ = new PointerScope()) {
      blackhole.consume(Masks.topK(scores, 0.8, flat, TieBreak.lowerIndex()));
    }
  }

  /** Ours in groups of four. */
  @Benchmark
  public void masksTwoOfFour(Blackhole blackhole) {
    try (var _ = new PointerScope()) {
      blackhole.consume(Masks.topK(scores, 0.5, twoOfFour, TieBreak.lowerIndex()));
    }
  }

  /** ATen's topk, unsorted, and a scatter of its indices. */
  @Benchmark
  public void torchTopK(Blackhole blackhole) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      Tensor all = scores.view(-1);
      long kept = all.numel() / 5;
      Tensor indices = torch.topk(all, kept, -1, true, false).get1();
      Tensor mask = torch.zeros(new long[] {all.numel()}).to(torch.ScalarType.Bool);
      blackhole.consume(mask.scatter_(0, indices, new Scalar(1)));
    }
  }
}
