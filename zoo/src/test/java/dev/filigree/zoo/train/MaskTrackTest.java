package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.optim.AdamW;
import dev.filigree.schedule.UpdateSchedules;
import dev.filigree.sparsity.OverParameterization;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.train.checkpoint.CheckpointStore;
import dev.filigree.zoo.train.event.MaskStructure;
import dev.filigree.zoo.train.event.WeightAges;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MaskTrackTest {
  @TempDir private Path folder;

  private static boolean[] elements(Tensor mask) {
    byte[] bytes = Tensors.segment(mask.contiguous()).toArray(ValueLayout.JAVA_BYTE);
    var elements = new boolean[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      elements[i] = bytes[i] != 0;
    }
    return elements;
  }

  @ParameterizedTest
  @CsvSource({"5, 7", "8, 8", "3, 43", "13, 64"})
  void saysWhatIsCountedOnTheMasksAndGoesOnFromItsFile(int rows, int columns) throws Exception {
    try (var _ = new PointerScope()) {
      torch.manual_seed(rows * 100L + columns);
      var model = new LinearImpl(columns, rows);
      var rigl =
          RigL.builder().sparsity(0.8).dropFraction(0.5).update(UpdateSchedules.every(1)).build();
      try (var optimizer =
          Sparsity.wrap(model, new AdamW(model.parameters(), AdamW.options().lr(0.1)), rigl)) {
        var oracle = OverParameterization.of(optimizer);
        SparseParameter weight = optimizer.parameters().getFirst();
        Tensor first = weight.mask();
        var track = new MaskTrack(folder, optimizer.parameters(), true, 0);
        track.begin();
        var structures = new ArrayList<MaskStructure>();
        var grown = new long[rows * columns];
        var before = new boolean[1][];
        before[0] = elements(first);
        optimizer.addListener(
            (parameter, update) -> {
              structures.add(track.updated(parameter, update.step()));
              boolean[] now = elements(parameter.mask());
              for (int i = 0; i < now.length; i++) {
                if (now[i] && !before[0][i]) {
                  grown[i] = update.step();
                }
              }
              before[0] = now;
            });
        for (int step = 0; step < 6; step++) {
          torch.mse_loss(model.forward(torch.randn(9, columns)), torch.randn(9, rows)).backward();
          optimizer.step();
          optimizer.zeroGrad();
        }
        Tensor mask = weight.mask();
        MaskStructure last = structures.getLast();
        assertThat(last.explored()).isEqualTo(oracle.rate("weight"));
        assertThat(last.overlap())
            .isCloseTo(
                mask.logical_and(first).sum().item_long() / (double) weight.kept(), within(1e-9));
        long[] ages =
            IntStream.range(0, grown.length)
                .filter(i -> before[0][i])
                .mapToLong(i -> 6 - grown[i])
                .sorted()
                .toArray();
        int count = ages.length;
        WeightAges expected =
            new WeightAges(
                LongStream.of(ages).average().orElseThrow(),
                ages[(count + 9) / 10 - 1],
                ages[(count + 1) / 2 - 1],
                ages[count - count / 10 - 1]);
        assertThat(last.ages()).isEqualTo(expected);
        assertThat(track.ages(6)).contains(expected);
        assertThat(last.deadRows()).isEqualTo(mask.any(1).logical_not().sum().item_long());
        assertThat(last.deadColumns()).isEqualTo(mask.any(0).logical_not().sum().item_long());

        Files.createDirectories(folder.resolve("checkpoints/step-000006"));
        track.save(6, new CheckpointStore(folder));
        assertThat(new MaskTrack(folder, optimizer.parameters(), true, 6).updated(weight, 6))
            .isEqualTo(last);
        assertThat(new MaskTrack(folder, optimizer.parameters(), true, 6).ages(9))
            .hasValueSatisfying(
                later -> assertThat(later.median()).isEqualTo(expected.median() + 3));
        assertThat(new MaskTrack(folder, optimizer.parameters(), true, 5).ages(5)).isEmpty();
        assertThat(
                new MaskTrack(folder, optimizer.parameters(), false, 5)
                    .updated(weight, 5)
                    .explored())
            .isNull();
      }
    }
  }
}
