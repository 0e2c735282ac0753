package flags

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/spf13/pflag"
)

// NumberType is the type of the flags with numbers, whose values cannot be completed.
const NumberType = "number"

// number is the value of a flag that must be a number between two limits.
type number[T int | float64] struct {
	value       *T
	least, most T
	wanted      string // describes the valid numbers
}

// Seconds is a flag with a number of seconds.
func Seconds(value *float64) pflag.Value {
	return &number[float64]{value, 0, 1e9, "a number of seconds, 0 or more"} // a larger number does not fit a time.Duration
}

// Percentage is a flag with a percentage.
func Percentage(value *float64) pflag.Value {
	return &number[float64]{value, 0, 100, "a percentage from 0 to 100"}
}

// CountFrom is a flag with a whole number that is not less than least.
func CountFrom(least int, value *int) pflag.Value {
	return &number[int]{value, least, math.MaxInt, fmt.Sprintf("a whole number, %d or more", least)}
}

func (n *number[T]) Set(text string) error {
	value, err := strconv.ParseFloat(text, 64)
	number := T(value)
	// The conversion changes NaN, and fractions and large numbers if T is int.
	if err != nil || float64(number) != value || number < n.least || number > n.most {
		return fmt.Errorf("wanted %s, got %q", n.wanted, text)
	}
	*n.value = number
	return nil
}

func (n *number[T]) String() string {
	if n.value == nil { // cobra asks the zero value for its default
		return "0"
	}
	return fmt.Sprint(*n.value)
}

func (n *number[T]) Type() string { return NumberType }

// Error gives errors of pflag the same form as those of commands.
func Error(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return err
	}
	flag := invalid.GetFlag()
	if flag.Value.Type() == "bool" {
		return fmt.Errorf("--%s: wanted true or false, got %q", flag.Name, invalid.GetValue())
	}
	return fmt.Errorf("--%s: %w", flag.Name, invalid.Unwrap())
}
