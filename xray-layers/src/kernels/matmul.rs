//! Matrix products by the gemm crate, on one thread: the caller divides the work.

/// A matrix that is read: `rows` times `columns` elements at fixed distances.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    /// Elements from one row to the next.
    row_step: usize,
    /// Elements from one column to the next.
    column_step: usize,
}

impl<'a> Matrix<'a> {
    /// A matrix whose rows lie one after another.
    ///
    /// # Panics
    /// If `data` does not hold exactly `rows * columns` elements.
    pub(super) fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(data.len(), rows * columns, "a matrix of {rows} by {columns}");
        Matrix { data, rows, columns, row_step: columns, column_step: 1 }
    }

    /// Rows and columns exchanged, without a copy.
    pub(super) fn transposed(self) -> Self {
        Matrix {
            rows: self.columns,
            columns: self.rows,
            row_step: self.column_step,
            column_step: self.row_step,
            ..self
        }
    }
}

/// What becomes of the elements that are in the output.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    Replace,
    Add,
}

/// `a * b` into `out`, whose rows lie one after another.
///
/// # Panics
/// If the shapes do not fit.
pub(super) fn multiply(out: &mut [f32], a: Matrix<'_>, b: Matrix<'_>, output: Output) {
    assert_eq!(a.columns, b.rows, "columns of the left matrix and rows of the right one");
    assert_eq!(out.len(), a.rows * b.columns, "elements of the product");
    // SAFETY: `Matrix::new` checked that every element of `a` and `b` is inside its slice, and a transposed matrix has
    // the same elements; `out` is as large as the product, its rows lie one after another, and as a mutable borrow it
    // overlaps neither input.
    unsafe {
        gemm::gemm(
            a.rows,
            b.columns,
            a.columns,
            out.as_mut_ptr(),
            1,
            b.columns as isize,
            output == Output::Add,
            a.data.as_ptr(),
            a.column_step as isize,
            a.row_step as isize,
            b.data.as_ptr(),
            b.column_step as isize,
            b.row_step as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// The elements of a matrix of `rows` by `columns` with its rows and columns exchanged.
pub(super) fn transpose(data: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut out = vec![0.0; rows * columns];
    for (row, values) in data.chunks_exact(columns).enumerate() {
        values.iter().enumerate().for_each(|(column, value)| out[column * rows + row] = *value);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_a_matrix_by_hand_and_of_its_transpose() {
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let b = [1.0, -1.0, 0.5, 2.0, 0.0, 3.0];
        let mut out = [10.0; 4];
        multiply(&mut out, Matrix::new(&a, 2, 3), Matrix::new(&b, 3, 2), Output::Replace);
        // 1 + 2 * .5 + 0, -1 + 2 * 2 + 3 * 3, 4 + 5 * .5, -4 + 5 * 2 + 6 * 3.
        assert_eq!(out, [2.0, 12.0, 6.5, 24.0]);
        let transposed = transpose(&a, 2, 3);
        multiply(&mut out, Matrix::new(&transposed, 3, 2).transposed(), Matrix::new(&b, 3, 2), Output::Add);
        assert_eq!(out, [4.0, 24.0, 13.0, 48.0]);
    }
}
