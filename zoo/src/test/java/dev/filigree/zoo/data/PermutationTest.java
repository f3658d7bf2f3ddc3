package dev.filigree.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class PermutationTest {
  @Property(tries = 100)
  void everyIndexIsHitExactlyOnce(
      @ForAll @LongRange(min = 1, max = 3000) long size, @ForAll long seed) {
    var permutation = new Permutation(size, seed);
    assertThat(LongStream.range(0, size).map(permutation::at).sorted().toArray())
        .isEqualTo(LongStream.range(0, size).toArray());
  }

  @Test
  void theSameSeedGivesTheSameOrderOnEveryMachine() {
    var permutation = new Permutation(10, 42);
    assertThat(LongStream.range(0, 10).map(permutation::at).toArray())
        .containsExactly(4, 6, 1, 3, 0, 9, 5, 8, 7, 2);
  }

  @Test
  void differentSeedsGiveDifferentOrders() {
    var first = new Permutation(1000, 1);
    var second = new Permutation(1000, 2);
    long same = LongStream.range(0, 1000).filter(i -> first.at(i) == second.at(i)).count();
    assertThat(same).isLessThan(20);
  }

  @Test
  void anIndexOutsideIsRefused() {
    assertThatThrownBy(() -> new Permutation(3, 0).at(3))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }
}
